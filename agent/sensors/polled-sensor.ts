import { nowUs } from '#shared/clock.ts';
import type { AnyEvent } from '#shared/events/registry.gen.ts';
import type { Provider } from './provider.ts';
import type { Emit, Sensor, SensorDescription, SensorState, SensorUsage } from './sensor.ts';

/** An unavailable host is asked again after this many intervals: a log may appear, a right may be given. */
const reopenIntervals = 30;

export interface PolledSensorOptions {
  readonly description: SensorDescription;
  readonly intervalMs: number;
  /** Makes a fresh provider; `shared` false when it must not lean on what running sensors keep (for samples). */
  readonly provider: (shared: boolean) => Promise<Provider>;
  readonly onError: (sensor: string, error: unknown) => void;
}

/** One start: everything that must end with it. */
interface Run {
  readonly emit: Emit;
  provider: Provider | undefined;
  timer: NodeJS.Timeout | undefined;
  /** The look under way, so that stop can wait for it. */
  busy: Promise<void>;
  opened: boolean;
  ended: boolean;
  failure: string | undefined;
}

/**
 * The state machine every sensor here shares: stopped → running | unavailable | failed → stopped. Looks never
 * overlap. They fall on multiples of the interval, so that sensors wake the processor together.
 */
export class PolledSensor implements Sensor {
  readonly #options: PolledSensorOptions;
  #run: Run | undefined;
  #state: SensorState = { status: 'stopped' };
  #events = 0;
  #lookCpuUs = 0;
  /** Of providers that were closed. */
  readonly #past = { lost: 0, cpuUs: 0 };

  constructor(options: PolledSensorOptions) {
    this.#options = options;
  }

  describe(): SensorDescription {
    return this.#options.description;
  }

  state(): SensorState {
    return this.#state;
  }

  usage(): SensorUsage {
    const provider = this.#run?.provider;
    return {
      events: this.#events,
      lost: this.#past.lost + (provider?.lost?.() ?? 0),
      cpuUs: this.#lookCpuUs + this.#past.cpuUs + (provider?.cpuUs?.() ?? 0),
    };
  }

  async start(emit: Emit): Promise<SensorState> {
    if (this.#run?.ended) await this.stop();
    this.#run ??= this.#begin(emit);
    await this.#run.busy;
    return this.#state;
  }

  async stop(reason?: string): Promise<void> {
    const run = this.#run;
    if (run === undefined) return;
    run.ended = true;
    clearTimeout(run.timer);
    await run.busy;
    await run.provider?.close();
    this.#past.lost += run.provider?.lost?.() ?? 0;
    this.#past.cpuUs += run.provider?.cpuUs?.() ?? 0;
    if (this.#run !== run) return;
    this.#run = undefined;
    this.#state =
      reason === undefined ? { status: 'stopped' } : { status: 'unavailable', reason, sinceAt: nowUs() };
  }

  async sample(): Promise<readonly AnyEvent[]> {
    const events: AnyEvent[] = [];
    const provider = await this.#options.provider(false);
    try {
      if ((await provider.open()) === undefined) {
        await provider.look((event) => {
          if (event['event.baseline'] === true) events.push(event);
        });
      }
    } finally {
      await provider.close();
    }
    return events;
  }

  #begin(emit: Emit): Run {
    const run: Run = {
      emit: (event) => {
        if (run.ended) return;
        this.#events++;
        emit(event);
      },
      provider: undefined,
      timer: undefined,
      busy: Promise.resolve(),
      opened: false,
      ended: false,
      failure: undefined,
    };
    run.busy = this.#turn(run);
    return run;
  }

  /** Opens if need be, looks, and plans the next turn. Never rejects. */
  async #turn(run: Run): Promise<void> {
    let intervals = 1;
    const before = process.threadCpuUsage();
    try {
      run.provider ??= await this.#options.provider(true);
      const reason = run.opened ? undefined : await run.provider.open();
      if (reason === undefined) {
        run.opened = true;
        if (!run.ended) await run.provider.look(run.emit);
        run.failure = undefined;
        this.#running(run.provider);
      } else {
        intervals = reopenIntervals;
        this.#halted('unavailable', reason);
      }
    } catch (error) {
      this.#failed(run, error);
    }
    const used = process.threadCpuUsage(before);
    this.#lookCpuUs += used.user + used.system;
    if (run.ended) return;
    run.timer = setTimeout(() => {
      run.busy = this.#turn(run);
    }, this.#waitMs(intervals));
  }

  /** To the multiple of the interval that is so many ahead, and at least half an interval. */
  #waitMs(intervals: number): number {
    const { intervalMs } = this.#options;
    const wait = intervalMs * intervals - (Date.now() % intervalMs);
    return wait < intervalMs / 2 ? wait + intervalMs : wait;
  }

  #running(provider: Provider): void {
    const { kind, mode } = provider;
    const text = provider.note();
    const state = this.#state;
    if (state.status === 'running' && state.mode === mode && state.note === text) return;
    const sinceAt = state.status === 'running' && state.mode === mode ? state.sinceAt : nowUs();
    const plain = { status: 'running', mode, provider: kind, sinceAt } as const;
    this.#state = text === undefined ? plain : { ...plain, note: text };
  }

  #halted(status: 'unavailable' | 'failed', reason: string): void {
    if (this.#state.status === status && this.#state.reason === reason) return;
    this.#state = { status, reason, sinceAt: nowUs() };
  }

  #failed(run: Run, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#halted('failed', message);
    if (run.failure === message) return;
    run.failure = message;
    this.#options.onError(this.#options.description.name, error);
  }
}
