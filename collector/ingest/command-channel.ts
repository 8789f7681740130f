import type { AgentFrame, CollectorFrame } from '#shared/protocol/frames.ts';

export type ResultFrame = AgentFrame & { readonly kind: 'result' };
export type RulesFrame = AgentFrame & { readonly kind: 'rules' };
export type PartFrame = AgentFrame & { readonly kind: 'part' };

/** A connection over which an agent takes commands. */
export interface CommandLink {
  readonly hostId: string;
  /** What the agent's hello says it knows. */
  readonly features: readonly string[];
  readonly send: (
    frame: CollectorFrame & { readonly kind: 'command' | 'settled' | 'cancel' | 'schedule' | 'root' },
  ) => void;
  /** Resolves when the part has left, to false when the connection is gone. */
  readonly sendPart?: (frame: CollectorFrame & { readonly kind: 'bundle' }) => Promise<boolean>;
}

/** The commands of all hosts, as connections see them; see collector/fleet/commands.ts. */
export interface CommandChannel {
  /** An agent was welcomed. */
  opened(link: CommandLink): Promise<void>;
  closed(link: CommandLink): void;
  /** Keeps a result; answered with `settled`. */
  result(link: CommandLink, frame: ResultFrame): Promise<void>;
  /** Takes a part of an output that somebody waits for. */
  part(link: CommandLink, frame: PartFrame): void;
  /** Keeps what a host says of its rules. */
  rules(link: CommandLink, frame: RulesFrame): Promise<void>;
}
