import type { Arguments, CommandSpec } from '#shared/commands/spec.ts';
import type { QueryEnd } from '#shared/query/bounds.ts';
import type { QueryRun } from '../query/query-process.ts';
import type { Sensor } from '../sensors/sensor.ts';
import type { AgentStatus } from '../status.ts';

/** What commands may use of the running agent. */
export interface CommandHost {
  readonly status: () => AgentStatus;
  readonly sensors: readonly Sensor[];
  /** Closes the open batches into the outbox. */
  readonly flush: () => void;
  /** Answers a live query about this host; rejects with `query.*`. */
  readonly query: (run: Omit<QueryRun, 'host'>) => Promise<QueryEnd>;
}

export interface Answer {
  /** What JSON can hold; at most `maxOutputBytes` of it. */
  readonly output?: Readonly<Record<string, unknown>>;
  /** Items left out of the output to keep it within its bound. */
  readonly cut?: number;
}

/** Sends a part of an output before its result. Resolves when it is on its way; rejects when the connection is gone. */
export type SendPart = (data: Uint8Array) => Promise<void>;

/** One kind of command. `run` throws a coded error when it cannot be done. */
export interface CommandKind {
  readonly spec: CommandSpec;
  /** Those behind it do not wait for it. */
  readonly isAside?: true;
  /**
   * `args` were held against the declaration; `signal` aborts at the time limit, when nobody wants the result any more,
   * and when the agent stops. `sendPart` is there while the collector takes parts.
   */
  run(
    args: Arguments,
    host: CommandHost,
    signal: AbortSignal,
    sendPart: SendPart | undefined,
  ): Promise<Answer> | Answer;
}
