import type { AnyEvent, EventType } from '#shared/events/registry.gen.ts';

/** Takes one event. Never throws and never blocks; what cannot be kept is counted as lost by the receiver. */
export type Emit = (event: AnyEvent) => void;

export interface SensorDescription {
  /** Folder under agent/sensors/, and the name in configuration and status. */
  readonly name: string;
  readonly doc: string;
  readonly types: readonly EventType[];
}

/**
 * What a sensor is doing now. `unavailable` means this host cannot give it (no file, no right), which is not a
 * fault; `failed` means it should work and does not.
 */
export type SensorState =
  | {
      readonly status: 'running';
      /** `sampled` looks every interval, `kernel` gets every event, `followed` reads a log as it grows. */
      readonly mode: 'sampled' | 'kernel' | 'followed';
      readonly provider: 'linux' | 'portable';
      /** Microseconds since the epoch. */
      readonly sinceAt: number;
      /** Why it is in this mode, and what it cannot see, in words. */
      readonly note?: string;
    }
  | { readonly status: 'unavailable' | 'failed'; readonly reason: string; readonly sinceAt: number }
  | { readonly status: 'stopped' };

/** What a sensor did and cost since it was made. */
export interface SensorUsage {
  /** Events it told of. */
  readonly events: number;
  /** Events it knows of and could not give; each was declared lost. */
  readonly lost: number;
  /** Microseconds of processor time; what the kernel's events cost for all sensors is the process sensor's. */
  readonly cpuUs: number;
}

export interface Sensor {
  describe(): SensorDescription;
  /** Begins to emit: first what is there now (`event.baseline` true), then changes. Resolves after the first look. Never rejects for what the host cannot give: the state says it, and the host is asked again from time to time. Started twice, it keeps the first emitter. */
  start(emit: Emit): Promise<SensorState>;
  /** Ends all timers, handles and reads; nothing is emitted after it resolves. With a reason, the state tells it: the sensor rests and may be started again. */
  stop(reason?: string): Promise<void>;
  /** One reading of what is there now, as baseline events, independent of start and stop; empty where it is unavailable and for sensors that tell changes only. Rejects when the reading fails. */
  sample(): Promise<readonly AnyEvent[]>;
  state(): SensorState;
  usage(): SensorUsage;
}
