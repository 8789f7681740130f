/** One backtest from end to end, in a process of its own. */
import { dirname, join } from 'node:path';
import { VedetteError } from '#shared/errors.ts';
import { decodeBatch } from '#shared/protocol/codec/decode.ts';
import type { ColumnarEvents } from '#shared/schema/columns.ts';
import { Advisories } from '../advisories/advisories.ts';
import { advisoryFileIn } from '../advisories/advisory-file.ts';
import { KeyRing } from '../encryption/key-ring.ts';
import { BatchMerge } from '../store/scan/batches.ts';
import { ScanSource, type ScanUnit, type TailEntry } from '../store/scan/scan-source.ts';
import type { BacktestOrder, BacktestProgress, BacktestReport } from './contract.ts';
import { ruleCosts, samplesOf } from './cost.ts';
import { differences, sumOf } from './difference.ts';
import { Feed } from './feed.ts';
import { type BacktestRules, loadSets } from './rule-sets.ts';
import { ScanThreads } from './scan-threads.ts';
import { Side } from './side.ts';

/** Matched rows that may wait for the batches before theirs. */
export const maxWaitingRows = 4_000_000;
/** Batches of the journal that the cost of rules is measured on. */
const sampleBatches = 8;
const progressMs = 250;

export interface BacktestRun {
  readonly report: BacktestReport;
  readonly candidate: Side;
}

/**
 * Runs it. The threads find the rows that any rule matches; detection proper is run on those, in the order in which
 * they arrived, so that alerts are the ones that live detection raises. Rejects with `backtest.*`, `rule.*`, `data.*`.
 */
export async function runBacktest(
  order: BacktestOrder,
  threadEntry: URL,
  onProgress: (progress: BacktestProgress) => void,
): Promise<BacktestRun> {
  const rules = await loadSets(order.candidate, order.inForce);
  const { rules: own, correlations } = rules.candidate;
  if (own.length + correlations.length === 0)
    throw new VedetteError('rule.unreadable', rules.problems[0]?.message ?? 'No rule was accepted.');
  const advisories = new Advisories(advisoryFileIn(dirname(order.journalPath)));
  await advisories.load();
  const ring = new KeyRing(order.keyFile);
  const tailPath = join(order.workFolder, 'tail');
  const source = ScanSource.open(order.journalPath, order.segmentFolder, tailPath, ring);
  try {
    return await new Backtest(order, { rules, source, advisories }, onProgress).run(threadEntry);
  } finally {
    source.close();
  }
}

interface BacktestParts {
  readonly rules: BacktestRules;
  readonly source: ScanSource;
  readonly advisories: Advisories;
}

class Backtest {
  readonly #order: BacktestOrder;
  readonly #rules: BacktestRules;
  readonly #source: ScanSource;
  readonly #onProgress: (progress: BacktestProgress) => void;
  readonly #candidate: Side;
  readonly #inForce: Side | undefined;
  readonly #faults: { ruleId: string; message: string }[] = [];
  readonly #feed: Feed;
  /** From when on events are looked at: what correlations must have seen before the range begins. */
  readonly #from: number;
  readonly #merge = new BatchMerge();
  #done = 0;
  #read = 0;
  #passedOver = 0;
  #damaged: number;
  #toldAt = 0;
  #of = 0;

  constructor(
    order: BacktestOrder,
    { rules, source, advisories }: BacktestParts,
    onProgress: (progress: BacktestProgress) => void,
  ) {
    this.#order = order;
    this.#rules = rules;
    this.#source = source;
    this.#onProgress = onProgress;
    this.#candidate = new Side(
      rules.candidate,
      ({ ruleId, error }) => this.#faults.push({ ruleId, message: (error as Error).message }),
      { advisories, episodes: order.episodes },
    );
    this.#inForce =
      rules.inForce && new Side(rules.inForce, () => undefined, { advisories, episodes: order.episodes });
    const sides = this.#inForce === undefined ? [this.#candidate] : [this.#candidate, this.#inForce];
    const { since, until, hostIds, hosts } = order;
    this.#from = since - Math.max(...sides.map(({ lookback }) => lookback));
    this.#feed = new Feed(sides, hosts, { since, until, ...(hostIds !== undefined && { hostIds }) });
    this.#damaged = source.damagedFiles;
  }

  async run(threadEntry: URL): Promise<BacktestRun> {
    const startMs = performance.now();
    const { until, hostIds } = this.#order;
    const isWithin = ({ minTime, maxTime }: { minTime: number; maxTime: number }) =>
      maxTime >= this.#from && minTime <= until;
    const units = this.#source.units.filter(isWithin);
    const tail = this.#source.tail.filter(
      (entry) => isWithin(entry) && (hostIds?.includes(entry.hostId) ?? true),
    );
    this.#of =
      units.reduce((sum, { rows }) => sum + rows, 0) + tail.reduce((sum, { events }) => sum + events, 0);
    await this.#sealed(units, threadEntry);
    for (const entry of tail) {
      const data = this.#bytesOf(entry);
      if (data === undefined || !this.#feed.stored(entry, data, this.#from)) this.#damaged++;
      this.#done += entry.events;
      this.#read += entry.events;
      await this.#tell();
    }
    const tookMs = performance.now() - startMs;
    const samples = [...samplesOf(units), ...this.#tailSamples(tail)];
    return { report: this.#report(units, samples, tookMs), candidate: this.#candidate };
  }

  /** Undefined when the disk has changed it. */
  #bytesOf(entry: TailEntry): Buffer | undefined {
    try {
      return this.#source.bytesOf(entry);
    } catch (error) {
      if (error instanceof VedetteError && error.code === 'data.corrupt') return undefined;
      throw error;
    }
  }

  async #sealed(units: readonly ScanUnit[], threadEntry: URL): Promise<void> {
    if (units.length === 0) return;
    const { threads, memoryBytes, since: _, ...rest } = this.#order;
    const pool = new ScanThreads(threadEntry, { ...rest, since: this.#from }, threads, memoryBytes);
    try {
      let taken = 0;
      for await (const answer of pool.scan(units)) {
        const { rows } = units[taken++] as ScanUnit;
        this.#done += rows;
        if ('damaged' in answer) this.#damaged++;
        else {
          const { isRead, arrivals } = answer.scanned;
          if (isRead) this.#read += rows;
          else this.#passedOver++;
          if (arrivals !== null) this.#merge.add(arrivals);
        }
        // Whatever is still to be read was received at this time or later.
        await this.#drain(units[taken]?.firstReceivedAt ?? Number.POSITIVE_INFINITY);
        await this.#tell();
      }
    } finally {
      await pool.close();
    }
  }

  async #drain(before: number): Promise<void> {
    for (let batch = this.#merge.next(before); batch !== undefined; batch = this.#merge.next(before)) {
      this.#feed.batch(batch);
      await this.#tell();
    }
    if (this.#merge.rows > maxWaitingRows)
      throw new VedetteError('backtest.limit', `${this.#merge.rows} matches wait; ${maxWaitingRows} may.`);
    if (process.memoryUsage.rss() > this.#order.memoryBytes)
      throw new VedetteError(
        'backtest.limit',
        `It needs more than ${this.#order.memoryBytes} bytes of memory.`,
      );
  }

  async #tell(): Promise<void> {
    const now = performance.now();
    if (now - this.#toldAt < progressMs) return;
    this.#toldAt = now;
    this.#onProgress({ events: this.#done, of: this.#of, alerts: this.#candidate.tally.alerts.size });
    await new Promise((resolve) => setImmediate(resolve));
  }

  get #watchedGone(): readonly string[] {
    const { watched = [] } = this.#order;
    const inForce = this.#inForce?.tally.alerts;
    return watched.filter((id) => inForce?.has(id) === true && !this.#candidate.tally.alerts.has(id));
  }

  /** What the newest batches hold, where hardly anything is sealed. */
  #tailSamples(tail: readonly TailEntry[]): readonly ColumnarEvents[] {
    return tail.slice(-sampleBatches).flatMap((entry) => {
      const data = this.#bytesOf(entry);
      const decoded = data && decodeBatch(data);
      return decoded?.ok === true ? decoded.value.groups.map(({ events }) => events) : [];
    });
  }

  #report(units: readonly ScanUnit[], samples: readonly ColumnarEvents[], tookMs: number): BacktestReport {
    const { since, until } = this.#order;
    const { tally } = this.#candidate;
    const product = this.#order.hosts[0]?.product ?? 'linux';
    const costs = ruleCosts(this.#rules.candidate.rules, samples, product);
    const by = this.#inForce && differences(tally.alerts, this.#inForce.tally.alerts);
    const none = { new: 0, gone: 0, changed: 0, same: 0 };
    const silent = new Set([...this.#rules.candidate.silent].map(({ rule }) => rule.id));
    return {
      ...{ since, until, seconds: tookMs / 1000 },
      events: { stored: this.#of, read: this.#read },
      rowGroups: { all: units.length, passedOver: this.#passedOver },
      rules: this.#rules.candidate.rules.length + this.#rules.candidate.correlations.length,
      alerts: tally.alerts.size,
      uncounted: tally.uncounted,
      days: tally.days,
      outcomes: tally
        .outcomes()
        .filter(({ id }) => !silent.has(id))
        .map((outcome) => ({
          ...outcome,
          costNs: costs.get(outcome.id) ?? null,
          difference: by === undefined ? null : (by.get(outcome.id) ?? none),
        })),
      difference: by === undefined ? null : sumOf(by.values()),
      watchedGone: this.#watchedGone,
      problems: this.#rules.problems,
      faults: this.#faults,
      damaged: this.#damaged,
    };
  }
}
