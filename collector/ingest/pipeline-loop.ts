import { nowUs } from '#shared/clock.ts';
import type { VedetteError } from '#shared/errors.ts';
import { type DecodedBatch, decodeBatch } from '#shared/protocol/codec/decode.ts';
import { eventId } from '#shared/protocol/event-id.ts';
import type { BatchOrigin, Detector } from '../detect/contract.ts';
import type { ControlStore } from '../store/contract.ts';
import type { BatchRecord, JournalReader, JournalWriter } from '../store/journal/contract.ts';
import type { PipelineInput, PipelineOutput, Verdict } from './messages.ts';
import { recordOf } from './record.ts';

type Batch = PipelineInput & { readonly kind: 'batch' };

export interface LoopOptions {
  readonly writer: JournalWriter;
  readonly reader: JournalReader;
  readonly control: ControlStore;
  readonly makeDetector: () => Detector;
  readonly post: (message: PipelineOutput) => void;
}

interface Detectable {
  readonly id: number;
  readonly hostId: string;
  readonly hostName: string;
  readonly product: string;
  readonly stream: string;
  readonly sequence: number;
  readonly receivedAt: number;
  readonly batch: DecodedBatch;
}

/** Most batches in one transaction. */
const groupSize = 64;
/** Batches read at once while catching up. */
const catchUpSize = 64;
const retryMs = 1000;

/**
 * The order that everything rests on: durable before acknowledged, acknowledged before detected. Alerts and the
 * cursor behind them commit together, so a crash anywhere repeats work but loses and doubles nothing.
 */
export class PipelineLoop {
  readonly #o: LoopOptions;
  #waiting: Batch[] = [];
  #detector: Detector;
  #cursor = 0;
  #isRunning = false;
  /** Detection has missed batches and must read them from the journal. */
  #isBehind = false;
  #retryAtMs = 0;
  #idle: (() => void) | undefined;
  #retry: NodeJS.Timeout | undefined;
  #turn: Promise<void> = Promise.resolve();

  constructor(options: LoopOptions) {
    this.#o = options;
    this.#detector = options.makeDetector();
  }

  /** Rebuilds correlation state and detects what an earlier run stored and did not get to. */
  async open(): Promise<void> {
    await this.#rebuild();
    await this.#catchUp();
  }

  add(batch: Batch): void {
    this.#waiting.push(batch);
    if (!this.#isRunning) void this.#run();
  }

  /** Resolves when everything added is done and the stores are closed. */
  async close(): Promise<void> {
    if (this.#isRunning) await new Promise<void>((resolve) => (this.#idle = resolve));
    clearTimeout(this.#retry);
    await this.#turn;
    clearTimeout(this.#retry);
    await this.#o.writer.close();
    await this.#o.reader.close();
    await this.#o.control.close();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    // Let the messages that have already arrived join the group.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) await this.#takeGroup(this.#waiting.splice(0, groupSize));
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
      const outcomes = await this.#o.writer.append(sound.map((s) => s.record));
      outcomes.forEach((outcome, i) => {
        const { at, batch } = sound[i]!;
        const b = group[at]!;
        if (outcome.status === 'gap') {
          const detail = `Batch ${b.sequence} arrived after ${outcome.mark}.`;
          verdicts[at] = verdictOf(b, { code: 'wire.sequence_gap', detail });
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
    const raised = batches.flatMap((b) =>
      this.#detector.detect(
        originOf(b),
        b.batch.groups.map((g) => g.events),
        now,
      ),
    );
    const alerts = await this.#o.control.detection.commit(last.id, raised);
    this.#cursor = last.id;
    const lagMs = Math.max(0, (nowUs() - last.receivedAt) / 1000);
    this.#o.post({ kind: 'detected', alerts, lagBatches: 0, lagMs });
  }

  async #fallBehind(error: unknown): Promise<void> {
    this.#isBehind = true;
    this.#retryAtMs = performance.now() + retryMs;
    const detail = `Detection stopped at ${this.#cursor}: ${(error as Error).message}. It is tried again.`;
    this.#o.post({ kind: 'problem', code: 'data.unreadable', detail });
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#inTurn(() => this.#tryAgain()), retryMs + 50);
    const last = await this.#o.reader.lastId().catch(() => this.#cursor);
    this.#o.post({ kind: 'detected', alerts: [], lagBatches: last - this.#cursor, lagMs: 0 });
  }

  /** Two at once would detect the same batches and count them twice. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(work);
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

  /** A fresh detector that has seen what correlations still remember before the cursor; those alerts exist already. */
  async #rebuild(): Promise<void> {
    this.#detector = this.#o.makeDetector();
    this.#cursor = await this.#o.control.detection.cursor();
    if (this.#detector.lookback === 0 || this.#cursor === 0) return;
    const first = await this.#o.reader.firstIdSince(nowUs() - this.#detector.lookback);
    for (let at = (first ?? this.#cursor + 1) - 1; at < this.#cursor; ) {
      const batches = await this.#readFrom(at, this.#cursor);
      for (const b of batches) {
        this.#detector.detect(
          originOf(b),
          b.batch.groups.map((g) => g.events),
          nowUs(),
        );
      }
      at = batches.at(-1)?.id ?? this.#cursor;
    }
  }

  async #catchUp(): Promise<void> {
    for (;;) {
      const batches = await this.#readFrom(this.#cursor, Number.MAX_SAFE_INTEGER);
      if (batches.length === 0) return;
      await this.#detect(batches);
    }
  }

  async #readFrom(after: number, upTo: number): Promise<Detectable[]> {
    const out: Detectable[] = [];
    for (const stored of await this.#o.reader.forward(after, catchUpSize)) {
      if (stored.id > upTo) break;
      const decoded = decodeBatch(stored.data);
      if (!decoded.ok) {
        // It decoded when it was stored, so the disk has changed it; the rest must not wait for it.
        this.#o.post({
          kind: 'problem',
          code: 'data.corrupt',
          detail: `Journal row ${stored.id} does not decode.`,
        });
        continue;
      }
      const host = await this.#o.control.hosts.get(stored.hostId);
      out.push({
        ...stored,
        hostName: host?.hostname ?? 'unnamed',
        product: host?.os ?? 'unknown',
        batch: decoded.value,
      });
    }
    return out;
  }
}

function verdictOf(batch: Batch, outcome: Verdict['outcome']): Verdict {
  const { connection, stream, sequence } = batch;
  return { connection, stream, sequence, bytes: batch.data.length, outcome };
}

function originOf({ hostId, hostName, product, stream, sequence, batch }: Detectable): BatchOrigin {
  return {
    hostId,
    hostName,
    product,
    eventId: (group: number, row: number) =>
      eventId({ hostId, stream, sequence, index: (batch.groups[group]?.offset ?? 0) + row }),
  };
}
