import type { Arguments, CommandSpec } from '#shared/commands/spec.ts';
import type { Sensor } from '../sensors/sensor.ts';
import type { AgentStatus } from '../status.ts';

/** What commands may use of the running agent. */
export interface CommandHost {
  readonly status: () => AgentStatus;
  readonly sensors: readonly Sensor[];
  /** Closes the open batches into the outbox. */
  readonly flush: () => void;
}

export interface Answer {
  /** What JSON can hold; at most `maxOutputBytes` of it. */
  readonly output?: Readonly<Record<string, unknown>>;
  /** Items left out of the output to keep it within its bound. */
  readonly cut?: number;
}

/** One kind of command. `run` throws a coded error when it cannot be done. */
export interface CommandKind {
  readonly spec: CommandSpec;
  /** `args` were held against the declaration; `signal` aborts at the time limit and when the agent stops. */
  run(args: Arguments, host: CommandHost, signal: AbortSignal): Promise<Answer> | Answer;
}
