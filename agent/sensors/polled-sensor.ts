import type { AnyEvent } from '#shared/events/registry.gen.ts';
import { nowUs } from './instant.ts';
import type { Provider } from './provider.ts';
import type { Emit, Sensor, SensorDescription, SensorState } from './sensor.ts';

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
  readonly provider: Provider;
  timer: NodeJS.Timeout | undefined;
  /** The look under way, so that stop can wait for it. */
  busy: Promise<void>;
  opened: boolean;
  ended: boolean;
  failure: string | undefined;
}

/**
 * The state machine every sensor here shares: stopped → running | unavailable | failed → stopped. Looks never
 * overlap; the next is planned when one has ended, so a slow host is looked at less often, not in parallel.
 */
export class PolledSensor implements Sensor {
  readonly #options: PolledSensorOptions;
  #run: Promise<Run> | undefined;
  #state: SensorState = { status: 'stopped' };

  constructor(options: PolledSensorOptions) {
    this.#options = options;
  }

  describe(): SensorDescription {
    return this.#options.description;
  }

  state(): SensorState {
    return this.#state;
  }

  async start(emit: Emit): Promise<SensorState> {
    this.#run ??= this.#begin(emit);
    const run = await this.#run;
    await run.busy;
    return this.#state;
  }

  async stop(): Promise<void> {
    const starting = this.#run;
    if (starting === undefined) return;
    const run = await starting;
    run.ended = true;
    clearTimeout(run.timer);
    await run.busy;
    await run.provider.close();
    if (this.#run !== starting) return;
    this.#run = undefined;
    this.#state = { status: 'stopped' };
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

  async #begin(emit: Emit): Promise<Run> {
    const provider = await this.#options.provider(true);
    const run: Run = {
      emit: (event) => {
        if (!run.ended) emit(event);
      },
      provider,
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
    let waitMs = this.#options.intervalMs;
    try {
      const reason = run.opened ? undefined : await run.provider.open();
      if (reason === undefined) {
        run.opened = true;
        await run.provider.look(run.emit);
        run.failure = undefined;
        this.#running(run);
      } else {
        waitMs *= reopenIntervals;
        this.#halted('unavailable', reason);
      }
    } catch (error) {
      this.#failed(run, error);
    }
    if (run.ended) return;
    run.timer = setTimeout(() => {
      run.busy = this.#turn(run);
    }, waitMs);
  }

  #running(run: Run): void {
    const { kind, mode } = run.provider;
    const note = run.provider.note();
    const state = this.#state;
    if (state.status === 'running' && state.mode === mode && state.note === note) return;
    const sinceAt = state.status === 'running' && state.mode === mode ? state.sinceAt : nowUs();
    this.#state = {
      status: 'running',
      mode,
      provider: kind,
      sinceAt,
      ...(note === undefined ? {} : { note }),
    };
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
