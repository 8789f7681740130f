/** What a declaration of a command holds: facts, no functions. */

export type ArgumentSpec =
  | {
      readonly type: 'text';
      readonly doc: string;
      /** In UTF-16 units. */
      readonly maxLength: number;
      readonly required?: true;
    }
  | {
      readonly type: 'int';
      readonly doc: string;
      readonly min: number;
      readonly max: number;
      readonly required?: true;
    }
  | { readonly type: 'flag'; readonly doc: string; readonly required?: true };

export interface CommandSpec {
  readonly name: string;
  readonly doc: string;
  /** What whoever gives it must be allowed (collector/auth/permissions.ts). */
  readonly permission: 'read' | 'respond' | 'administer';
  /** How long the agent works on it before it is given up as failed. */
  readonly timeoutMs: number;
  readonly arguments: Readonly<Record<string, ArgumentSpec>>;
}

export type ArgumentValue = string | number | boolean;
/** Checked against their declaration. */
export type Arguments = Readonly<Record<string, ArgumentValue>>;

/**
 * How a command ended. `refused` did not run (its arguments, its instants, or the agent had too much to do);
 * `expired` came to the agent too late and did not run, or was never answered; `interrupted` had begun when the
 * agent ended, and may have been done in part; `unknown-kind` is not known to this agent.
 */
export const resultStatuses = [
  'done',
  'failed',
  'refused',
  'expired',
  'interrupted',
  'unknown-kind',
] as const;
export type ResultStatus = (typeof resultStatuses)[number];

/** Longest time from issue to expiry. */
export const maxLifeMs = 24 * 3_600_000;
/** Most bytes of a result's output, as JSON in UTF-8. */
export const maxOutputBytes = 256 * 1024;
/** Deepest nesting of an output. */
export const maxOutputDepth = 16;
/** Results an agent may have sent that are not settled yet. */
export const maxUnsettled = 16;

export const commandIdPattern = /^[0-9a-f]{16}$/;
