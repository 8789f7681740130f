import { nowUs } from '#shared/clock.ts';
import { adviceOf } from '#shared/detect/alert.ts';
import { alertsOfEvents } from '#shared/detect/alert-event.ts';
import type { RaisedAlert } from '#shared/detect/raised-alert.ts';
import { VedetteError } from '#shared/errors.ts';
import { type DecodedBatch, decodeBatch } from '#shared/protocol/codec/decode.ts';
import type { Detector, MissedHistory } from '../detect/contract.ts';
import type { ControlStore, CorrelationTotals, DetectorTotals, NewAlert } from '../store/contract.ts';
import type { BatchRecord, JournalReader, JournalWriter } from '../store/journal/contract.ts';
import { type Detectable, groupsOf, originOf, readDetectables } from './detectable.ts';
import { FairQueue } from './fair-queue.ts';
import type { MarksInput, PipelineInput, PipelineOutput, Verdict } from './messages.ts';
import { readSealed } from './read-sealed.ts';
import { type ArrivedBatch, rebuild } from './rebuild.ts';
import { recordOf } from './record.ts';
import { SnapshotClock } from './snapshot-clock.ts';
import { switchRules } from './switch-rules.ts';

type Batch = PipelineInput & { readonly kind: 'batch' };

export interface LoopOptions {
  readonly writer: JournalWriter;
  readonly reader: JournalReader;
  readonly control: ControlStore;
  readonly makeDetector: () => Detector;
  readonly post: (message: PipelineOutput) => void;
  /** Whether the disk has room for more; where it has not, agents keep what they have. */
  readonly hasRoom?: () => boolean;
  /** The exception that hides an alert of a host; undefined for none. */
  readonly hiddenBy?: (alert: NewAlert) => string | undefined;
  /** Least time between snapshots of detection. */
  readonly snapshotEveryMs?: number;
}

/** Most batches in one transaction. */
const groupSize = 64;
const retryMs = 1000;
/** Summing up a thousand correlations takes longer than a small batch. */
const totalsEveryMs = 1000;

/**
 * The order that everything rests on: durable before acknowledged, acknowledged before detected. Alerts and the
 * cursor behind them commit together, so a crash anywhere repeats work but loses and doubles nothing.
 */
export class PipelineLoop {
  readonly #o: LoopOptions;
  readonly #waiting = new FairQueue<Batch>();
  #detector: Detector;
  /** Makes detectors with the rules in force. */
  #makeDetector: () => Detector;
  #cursor = 0;
  /** Where detection stood when the snapshot was made that is kept. */
  #keptAt = 0;
  #isRunning = false;
  /** Detection has missed batches and must read them from the journal. */
  #isBehind = false;
  #retryAtMs = 0;
  #idle: (() => void) | undefined;
  #retry: NodeJS.Timeout | undefined;
  #turn: Promise<void> = Promise.resolve();
  readonly #clock: SnapshotClock;
  /** The last snapshot was larger than the bound, which is told once. */
  #isSnapshotOver = false;
  #known: { readonly correlations: CorrelationTotals; readonly detectors: DetectorTotals } | undefined;
  #knownAtMs = 0;

  constructor(options: LoopOptions) {
    this.#o = options;
    this.#clock = new SnapshotClock(options.snapshotEveryMs);
    this.#makeDetector = options.makeDetector;
    this.#detector = this.#makeDetector();
  }

  /** Rebuilds correlation state and detects what an earlier run stored and did not get to. */
  async open(): Promise<void> {
    await this.#rebuild();
    await this.#catchUp();
  }

  add(batch: Batch): void {
    this.#waiting.add(batch);
    if (!this.#isRunning) void this.#run();
  }

  /** Counts as lost what an agent saw acknowledged and the journal lacks, before the batches added after it. */
  async settle({ connection, hostId, marks }: MarksInput): Promise<void> {
    try {
      const lacks = await this.#o.writer.settle(hostId, marks);
      const lost = lacks.reduce((sum, lack) => sum + lack.lost, 0);
      if (lost > 0) this.#o.post({ kind: 'lacking', hostId, lost });
    } catch (error) {
      const { code, detail } = error as VedetteError;
      this.#o.post({ kind: 'problem', code, detail });
      const outcome = { code: 'wire.store_failed', detail } as const;
      const verdict: Verdict = { connection, hostId, stream: '', sequence: 0, bytes: 0, outcome };
      this.#o.post({ kind: 'verdicts', verdicts: [verdict] });
    }
  }

  /**
   * Puts other rules in force between two batches. `commit` is handed the id of the last batch the old rules detected
   * and the state the new ones begin with, and makes the switch durable. Rejects, the old rules still at work, when
   * detection can not catch up first or `commit` rejects.
   */
  async switchTo(
    makeDetector: () => Detector,
    commit: (cursor: number, snapshot: Uint8Array | null) => Promise<void>,
  ): Promise<void> {
    let failure: unknown;
    await this.#inTurn(() => this.#switch(makeDetector, commit).catch((error: unknown) => (failure = error)));
    if (failure !== undefined) throw failure;
  }

  async #switch(
    makeDetector: () => Detector,
    commit: (cursor: number, snapshot: Uint8Array | null) => Promise<void>,
  ): Promise<void> {
    this.#retryAtMs = 0;
    await this.#tryAgain();
    if (this.#isBehind)
      throw new VedetteError('rules.switch_failed', 'Detection is behind and can not go on yet.');
    const to = makeDetector();
    const { reader } = this.#o;
    const state = await switchRules({
      ...{ from: this.#detector, to, cursor: this.#cursor, reader, commit },
      read: (after, upTo) => this.#readFrom(after, upTo),
      onRefused: (reason) => this.#tellOfSnapshot(`The rules before left none: ${reason}`),
      sealed: (missed) => this.#sealed(missed),
    });
    this.#makeDetector = makeDetector;
    this.#detector = to;
    this.#known = undefined;
    this.#sized(state);
    if (state === null) return;
    this.#clock.begunWith(to);
    this.#keptAt = this.#cursor;
  }

  /** Resolves when everything added is done and the stores are closed. */
  async close(): Promise<void> {
    if (this.#isRunning) await new Promise<void>((resolve) => (this.#idle = resolve));
    clearTimeout(this.#retry);
    await this.#turn;
    clearTimeout(this.#retry);
    if (!this.#isBehind) await this.#keepLast();
    await this.#o.writer.close();
    await this.#o.reader.close();
    await this.#o.control.close();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    do {
      // Let the messages that have already arrived join the group, so that every host's turn comes with the next one.
      await new Promise((resolve) => setImmediate(resolve));
      await this.#takeGroup(this.#waiting.take(groupSize));
    } while (this.#waiting.count > 0);
    this.#isRunning = false;
    this.#idle?.();
  }

  async #takeGroup(group: readonly Batch[]): Promise<void> {
    const verdicts: Verdict[] = new Array(group.length);
    const sound: { at: number; record: BatchRecord; batch: DecodedBatch }[] = [];
    group.forEach((b, at) => {
      const decoded = decodeBatch(b.data);
      const record = decoded.ok ? recordOf(b, decoded.value) : decoded;
      if (decoded.ok && record.ok) sound.push({ at, record: record.value, batch: decoded.value });
      else if (!record.ok)
        verdicts[at] = verdictOf(b, { code: record.error.code, detail: record.error.detail });
    });
    const stored = await this.#store(group, sound, verdicts);
    this.#o.post({ kind: 'verdicts', verdicts });
    if (stored.length > 0) await this.#afterStored(stored);
  }

  async #store(
    group: readonly Batch[],
    sound: readonly { at: number; record: BatchRecord; batch: DecodedBatch }[],
    verdicts: Verdict[],
  ): Promise<Detectable[]> {
    const stored: Detectable[] = [];
    try {
      if (this.#o.hasRoom?.() === false)
        throw new VedetteError('wire.store_failed', 'The disk of the collector is nearly full.');
      const outcomes = await this.#o.writer.append(sound.map((s) => s.record));
      outcomes.forEach((outcome, i) => {
        const { at, batch } = sound[i]!;
        const b = group[at]!;
        if (outcome.status === 'gap') {
          const detail = `Batch ${b.sequence} arrived after ${outcome.mark}.`;
          verdicts[at] = verdictOf(b, { code: 'wire.sequence_gap', detail });
          return;
        }
        if (outcome.status === 'foreign') {
          const detail = `Stream ${b.stream} belongs to another host.`;
          verdicts[at] = verdictOf(b, { code: 'identity.foreign_stream', detail });
          return;
        }
        verdicts[at] = verdictOf(b, outcome.status);
        if (outcome.status === 'stored') stored.push({ ...b, id: outcome.id, batch });
      });
    } catch (error) {
      const { code, detail } = error as VedetteError;
      this.#o.post({ kind: 'problem', code, detail });
      for (const { at } of sound) verdicts[at] = verdictOf(group[at]!, { code: 'wire.store_failed', detail });
    }
    return stored;
  }

  async #afterStored(stored: readonly Detectable[]): Promise<void> {
    const counts: Record<string, number> = {};
    let events = 0;
    for (const { batch } of stored) {
      events += batch.count;
      for (const { events: group } of batch.groups)
        counts[group.type] = (counts[group.type] ?? 0) + group.count;
    }
    this.#o.post({ kind: 'stored', events, counts });
    await this.#inTurn(async () => {
      if (this.#isBehind) await this.#tryAgain();
      else await this.#detect(stored).catch((error: unknown) => this.#fallBehind(error));
    });
  }

  /** Detects batches in order and commits; the detector's state has moved even when the commit fails. */
  async #detect(batches: readonly Detectable[]): Promise<void> {
    const last = batches.at(-1);
    if (last === undefined) return;
    const now = nowUs();
    const raised = batches.flatMap((b) => [
      ...this.#raisedByHost(b, now),
      ...this.#detector.detect(originOf(b), groupsOf(b), now),
    ]);
    const snapshot = this.#sized(this.#clock.due(this.#detector));
    const alerts = await this.#o.control.detection.commit(last.id, raised, snapshot);
    this.#cursor = last.id;
    if (snapshot !== undefined) {
      this.#clock.kept();
      this.#keptAt = last.id;
    }
    const lagMs = Math.max(0, (nowUs() - last.receivedAt) / 1000);
    const { sealable } = this;
    if (alerts.length > 0) this.#o.post({ kind: 'alerts', alerts });
    this.#o.post({ kind: 'detected', lagBatches: 0, lagMs, ...this.#totals(), sealable });
  }

  /** Alerts that the host raised itself; what is none is told and left out. */
  #raisedByHost(batch: Detectable, now: number): readonly NewAlert[] {
    return groupsOf(batch).flatMap((events, group) => {
      if (events.type !== 'alert') return [];
      return alertsOfEvents(originOf(batch), events, group, now).flatMap((alert): readonly NewAlert[] => {
        if (alert.ok) return [this.#ofHost(alert.value)];
        this.#o.post({
          kind: 'problem',
          code: alert.error.code,
          detail: `Host ${batch.hostId}: ${alert.error.detail}`,
        });
        return [];
      });
    });
  }

  /** With what the rules in force say of it, and whether it is hidden. */
  #ofHost(raised: RaisedAlert): NewAlert {
    const rule = this.#detector.header(raised.ruleId);
    const alert = { ...raised, ...(rule !== undefined && adviceOf(rule)), byHost: true } as const;
    const exceptionId = this.#o.hiddenBy?.(alert);
    return exceptionId === undefined ? alert : { ...alert, exceptionId };
  }

  /**
   * Batches up to this id are of no more use to detection: a start now would not replay them, whether because nothing
   * has changed since the snapshot or because it is too large to be kept.
   */
  get sealable(): number {
    const needsNoMore =
      this.#detector.lookback === 0 || this.#isSnapshotOver || this.#clock.isKept(this.#detector);
    return needsNoMore ? this.#cursor : this.#keptAt;
  }

  /** So that the next start has nothing to replay; without it the start only takes longer. */
  async #keepLast(): Promise<void> {
    const data = this.#sized(this.#clock.changed(this.#detector));
    if (data === undefined) return;
    await this.#o.control.detection
      .keepSnapshot({ cursor: this.#cursor, data })
      .catch((error: unknown) => this.#tellOfSnapshot((error as Error).message));
  }

  #sized(snapshot: Uint8Array | null | undefined): Uint8Array | undefined {
    if (snapshot === null && !this.#isSnapshotOver)
      this.#tellOfSnapshot('It would be larger than the bound.');
    if (snapshot !== undefined) this.#isSnapshotOver = snapshot === null;
    return snapshot ?? undefined;
  }

  #totals() {
    const now = performance.now();
    if (this.#known === undefined || now - this.#knownAtMs > totalsEveryMs) {
      this.#known = { correlations: this.#detector.totals, detectors: this.#detector.detectors };
      this.#knownAtMs = now;
    }
    return this.#known;
  }

  async #fallBehind(error: unknown): Promise<void> {
    this.#isBehind = true;
    this.#retryAtMs = performance.now() + retryMs;
    const detail = `Detection stopped at ${this.#cursor}: ${(error as Error).message}. It is tried again.`;
    this.#o.post({ kind: 'problem', code: 'data.unreadable', detail });
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#inTurn(() => this.#tryAgain()), retryMs + 50);
    const last = await this.#o.reader.lastId().catch(() => this.#cursor);
    const lagBatches = last - this.#cursor;
    const { sealable } = this;
    this.#o.post({
      kind: 'detected',
      lagBatches,
      lagMs: 0,
      ...this.#totals(),
      sealable,
    });
  }

  /** Two at once would detect the same batches and count them twice. */
  #inTurn(work: () => Promise<unknown>): Promise<void> {
    this.#turn = this.#turn.then(async () => void (await work()));
    return this.#turn;
  }

  async #tryAgain(): Promise<void> {
    if (!this.#isBehind || performance.now() < this.#retryAtMs) return;
    try {
      await this.#rebuild();
      await this.#catchUp();
      this.#isBehind = false;
    } catch (error) {
      await this.#fallBehind(error);
    }
  }

  /** A fresh detector with the state of the cursor. */
  async #rebuild(): Promise<void> {
    const { control, reader } = this.#o;
    this.#detector = this.#makeDetector();
    this.#clock.begin();
    this.#cursor = await control.detection.cursor();
    const snapshot = await control.detection.snapshot();
    this.#keptAt = snapshot?.cursor ?? 0;
    await rebuild(this.#detector, {
      reader,
      cursor: this.#cursor,
      snapshot,
      read: (after, upTo) => this.#readFrom(after, upTo),
      onRefused: (reason) => this.#tellOfSnapshot(`It was not taken up: ${reason}`),
      sealed: (missed) => this.#sealed(missed),
    });
  }

  async #catchUp(): Promise<void> {
    for (;;) {
      const batches = await this.#readFrom(this.#cursor, Number.MAX_SAFE_INTEGER);
      if (batches.length === 0) return;
      await this.#detect(batches);
    }
  }

  #readFrom(after: number, upTo: number): Promise<readonly Detectable[]> {
    const { reader, control } = this.#o;
    return readDetectables(reader, control.hosts, after, upTo, (id) => {
      const detail = `Journal row ${id} does not decode.`;
      this.#o.post({ kind: 'problem', code: 'data.corrupt', detail });
    });
  }

  #sealed(missed: MissedHistory): AsyncIterable<ArrivedBatch> {
    const { reader, control } = this.#o;
    return readSealed(reader, control.hosts, missed, (detail) =>
      this.#o.post({ kind: 'problem', code: 'detection.history_incomplete', detail }),
    );
  }

  #tellOfSnapshot(detail: string): void {
    this.#o.post({ kind: 'problem', code: 'detection.snapshot_unusable', detail });
  }
}

function verdictOf(batch: Batch, outcome: Verdict['outcome']): Verdict {
  const { connection, hostId, stream, sequence } = batch;
  return { connection, hostId, stream, sequence, bytes: batch.data.length, outcome };
}
