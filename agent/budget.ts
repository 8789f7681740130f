import { nowUs } from '#shared/clock.ts';
import type { SensorName } from './sensors/options.ts';
import type { Emit, Sensor } from './sensors/sensor.ts';

/**
 * Who rests first when the agent costs its host more than was agreed. Processes, connections, logins and accounts are
 * never given up: they are what an attack cannot do without, and what they cost is bounded by the kernel's buffers.
 */
export const sheddingOrder = [
  'packet',
  'package',
  'device',
  'kernel',
] as const satisfies readonly SensorName[];

/** Time between looks at the cost; over or under budget is what it was over that time. */
const lookMs = 10_000;
/** Looks over budget before the next sensor rests, and well under it before the last one works again. */
const looksOver = 2;
const looksUnder = 12;
/** Well under: this part of the budget. */
const easyShare = 0.6;

export interface Budget {
  /** Share of one processor. */
  readonly cpuShare: number;
  readonly rssBytes: number;
}

export interface ShedSensor {
  readonly name: string;
  readonly reason: string;
  /** Microseconds since the epoch. */
  readonly sinceAt: number;
}

/** What the agent cost in the time since it was asked last. */
export interface Cost {
  readonly cpuShare: number;
  readonly rssBytes: number;
}

/**
 * Keeps the agent within its budget: puts sensors to rest in the declared order while it is over, and wakes them in
 * reverse when it is well under. What a resting sensor does not see is not known; that it rests is told in its state,
 * in host.health and in the agent's status.
 */
export class BudgetKeeper {
  readonly #budget: Budget;
  readonly #sensors: readonly Sensor[];
  readonly #emit: Emit;
  readonly #shed: ShedSensor[] = [];
  #over = 0;
  #under = 0;

  constructor(budget: Budget, sensors: readonly Sensor[], emit: Emit) {
    this.#budget = budget;
    this.#sensors = sensors;
    this.#emit = emit;
  }

  get shed(): readonly ShedSensor[] {
    return this.#shed;
  }

  /** Looks at the cost from time to time. Gives the function that ends it. */
  start(): () => void {
    let before = process.cpuUsage();
    let atMs = performance.now();
    const timer = setInterval(() => {
      const used = process.cpuUsage(before);
      const elapsedUs = (performance.now() - atMs) * 1000;
      before = process.cpuUsage();
      atMs = performance.now();
      const cost = { cpuShare: (used.user + used.system) / elapsedUs, rssBytes: process.memoryUsage.rss() };
      void this.look(cost);
    }, lookMs);
    return () => clearInterval(timer);
  }

  /** Judges the cost since the last look. */
  async look(cost: Cost): Promise<void> {
    const reason = this.#whyOver(cost);
    this.#over = reason === undefined ? 0 : this.#over + 1;
    this.#under = this.#isEasy(cost) ? this.#under + 1 : 0;
    if (reason !== undefined && this.#over >= looksOver) {
      this.#over = 0;
      await this.#rest(reason);
    } else if (this.#under >= looksUnder) {
      this.#under = 0;
      await this.#wake();
    }
  }

  #whyOver({ cpuShare, rssBytes }: Cost): string | undefined {
    const { cpuShare: share, rssBytes: bytes } = this.#budget;
    if (cpuShare > share) {
      return `the agent used ${percent(cpuShare)} of a processor, its budget is ${percent(share)}`;
    }
    return rssBytes > bytes
      ? `the agent took ${mebibytes(rssBytes)} of memory, its budget is ${mebibytes(bytes)}`
      : undefined;
  }

  #isEasy({ cpuShare, rssBytes }: Cost): boolean {
    return cpuShare < this.#budget.cpuShare * easyShare && rssBytes < this.#budget.rssBytes;
  }

  async #rest(reason: string): Promise<void> {
    const name = sheddingOrder.find((one) => this.#sensor(one)?.state().status === 'running');
    if (name === undefined) return;
    this.#shed.push({ name, reason, sinceAt: nowUs() });
    await this.#sensor(name)?.stop(`at rest: ${reason}`);
  }

  async #wake(): Promise<void> {
    const last = this.#shed.pop();
    if (last !== undefined) await this.#sensor(last.name)?.start(this.#emit);
  }

  #sensor(name: string): Sensor | undefined {
    return this.#sensors.find((sensor) => sensor.describe().name === name);
  }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 1024 ** 2)} MiB`;
}
