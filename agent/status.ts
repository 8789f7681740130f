import { nowUs } from '#shared/clock.ts';
import type { ShedSensor } from './budget.ts';
import type { Outbox } from './outbox/outbox.ts';
import type { Sensor, SensorState, SensorUsage } from './sensors/sensor.ts';

/** Time between samples, and how many are kept: rates are over the last minute. */
const sampleMs = 5000;
const samples = 13;

export interface SensorStatus {
  readonly name: string;
  readonly state: SensorState;
  readonly events: number;
  readonly lost: number;
  readonly eventsPerSecond: number;
  /** Share of one processor. */
  readonly cpuShare: number;
}

/** What `vedette agent status` tells. Rates and shares are over the last minute. */
export interface AgentStatus {
  readonly hostId: string;
  readonly instance: string;
  readonly pid: number;
  /** Microseconds since the epoch. */
  readonly startedAt: number;
  readonly isConnected: boolean;
  readonly outbox: { readonly events: number; readonly sizeBytes: number };
  readonly memory: { readonly rssBytes: number; readonly heapBytes: number; readonly budgetBytes: number };
  readonly cpu: { readonly share: number; readonly budgetShare: number };
  readonly sensors: readonly SensorStatus[];
  /** Sensors that rest because the agent was over its budget, in the order in which they were put to rest. */
  readonly shed: readonly ShedSensor[];
  /** Which bundle of rules runs on this host, and why the one offered last does not; code and detail empty where it does. */
  readonly rules?: RulesStatus;
}

export interface RulesStatus {
  readonly status: string;
  readonly version: number;
  readonly digest: string;
  readonly code: string;
  readonly detail: string;
}

interface Sample {
  readonly atMs: number;
  readonly cpuUs: number;
  readonly usage: ReadonlyMap<string, SensorUsage>;
}

/** Samples what sensors do and cost, for rates over the last minute. */
export class UsageHistory {
  readonly #sensors: readonly Sensor[];
  readonly #samples: Sample[] = [];
  readonly #timer: NodeJS.Timeout;

  constructor(sensors: readonly Sensor[]) {
    this.#sensors = sensors;
    this.#sample();
    this.#timer = setInterval(() => this.#sample(), sampleMs);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Share of one processor that the whole process used over the last minute. */
  cpuShare(): number {
    const [first, seconds] = this.#since();
    const { user, system } = process.cpuUsage();
    return seconds <= 0 ? 0 : (user + system - first.cpuUs) / 1e6 / seconds;
  }

  sensors(): SensorStatus[] {
    const [first, seconds] = this.#since();
    return this.#sensors.map((sensor) => {
      const { name } = sensor.describe();
      const now = sensor.usage();
      const then = first.usage.get(name) ?? { events: 0, lost: 0, cpuUs: 0 };
      const per = (n: number) => (seconds <= 0 ? 0 : Math.max(0, n) / seconds);
      return {
        name,
        state: sensor.state(),
        events: now.events,
        lost: now.lost,
        eventsPerSecond: per(now.events - then.events),
        cpuShare: per((now.cpuUs - then.cpuUs) / 1e6),
      };
    });
  }

  #since(): [first: Sample, seconds: number] {
    const first = this.#samples[0] ?? this.#sample();
    return [first, (performance.now() - first.atMs) / 1000];
  }

  #sample(): Sample {
    const { user, system } = process.cpuUsage();
    const usage = new Map(this.#sensors.map((sensor) => [sensor.describe().name, sensor.usage()]));
    const sample = { atMs: performance.now(), cpuUs: user + system, usage };
    this.#samples.push(sample);
    if (this.#samples.length > samples) this.#samples.shift();
    return sample;
  }
}

export interface StatusSources {
  readonly hostId: string;
  readonly instance: string;
  readonly isConnected: () => boolean;
  readonly outbox: Outbox;
  readonly history: UsageHistory;
  readonly budget: { readonly cpuShare: number; readonly rssBytes: number };
  readonly shed: () => readonly ShedSensor[];
  readonly rules: () => RulesStatus;
}

/** Gives the function that tells how the agent does now. */
export function statusOf(sources: StatusSources): () => AgentStatus {
  const startedAt = nowUs();
  const { hostId, instance, outbox, history, budget } = sources;
  return () => {
    const memory = process.memoryUsage();
    return {
      hostId,
      instance,
      pid: process.pid,
      startedAt,
      isConnected: sources.isConnected(),
      outbox: { events: outbox.events, sizeBytes: outbox.sizeBytes },
      memory: { rssBytes: memory.rss, heapBytes: memory.heapUsed, budgetBytes: budget.rssBytes },
      cpu: { share: history.cpuShare(), budgetShare: budget.cpuShare },
      sensors: history.sensors(),
      shed: sources.shed(),
      rules: sources.rules(),
    };
  };
}
