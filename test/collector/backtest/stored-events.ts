/** A store with events of several hosts, detected live as they came. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { decodeBatch } from '#shared/protocol/codec/decode.ts';
import { encodeBatch } from '#shared/protocol/codec/encode.ts';
import type { EventRow } from '#shared/schema/columns.ts';
import type { RuleSet } from '#shared/sigma/index.ts';
import type { AlertDigest, BacktestHost } from '../../../collector/backtest/contract.ts';
import { createDetector } from '../../../collector/detect/detector.ts';
import { KeyRing, makeKeyFile, noKeyRing } from '../../../collector/encryption/key-ring.ts';
import { type Detectable, groupsOf, originOf } from '../../../collector/ingest/detectable.ts';
import { recordOf } from '../../../collector/ingest/record.ts';
import type { RuleSource } from '../../../collector/rules/rule-source.ts';
import { openControlStore } from '../../../collector/store/control/open.ts';
import type { BatchRecord } from '../../../collector/store/journal/contract.ts';
import { openDatabase } from '../../../collector/store/journal/database.ts';
import { openJournalWriter } from '../../../collector/store/journal/writer.ts';
import { Compactor } from '../../../collector/store/segments/compactor.ts';
import { Sealer } from '../../../collector/store/segments/sealer.ts';
import { tempFolder } from '../../temp.ts';

export const secondUs = 1_000_000;
export const startAt = Date.UTC(2026, 10, 1, 23, 50) * 1000;

export interface Arrival {
  readonly hostId: string;
  readonly receivedAt: number;
  readonly events: readonly EventRow[];
}

const wide = { maxEvents: 1_000_000, maxBytes: 1 << 30 };
/** A number in letters: what differs in numbers only is one entity. */
export const inLetters = (n: number) =>
  String(n).replace(/\d/g, (digit) => 'abcdefghij'[Number(digit)] as string);

export const hostOf = (n: number): BacktestHost => ({
  id: n.toString(16).padStart(16, '0'),
  name: `host-${n}`,
  product: n === 3 ? 'windows' : 'linux',
});

export class StoredEvents {
  readonly folder: string;
  readonly hosts: readonly BacktestHost[];
  readonly keyFile: string;
  readonly #ring: KeyRing;
  readonly #writer: ReturnType<typeof openJournalWriter>;
  readonly #db: ReturnType<typeof openDatabase>;
  readonly #positions = new Map<string, { sequence: number; collected: number }>();
  readonly #live: Detectable[] = [];
  readonly #t: Test;

  /** With `isSealed` all of it is encrypted, under a key of its own. */
  constructor(t: Test, hosts: number, isSealed = false) {
    this.#t = t;
    this.folder = tempFolder(t);
    this.keyFile = isSealed ? join(this.folder, 'keys') : '';
    if (isSealed) makeKeyFile(this.keyFile);
    this.#ring = isSealed ? new KeyRing(this.keyFile) : noKeyRing;
    for (const name of ['segments', 'work', 'rules']) mkdirSync(join(this.folder, name));
    this.hosts = Array.from({ length: hosts }, (_, n) => hostOf(n));
    this.#writer = openJournalWriter(join(this.folder, 'journal.db'), undefined, this.#ring);
    this.#db = openDatabase(join(this.folder, 'journal.db'), false);
    t.teardown(async () => {
      await this.#writer.close();
      this.#db.close();
    });
  }

  async append(arrivals: readonly Arrival[]): Promise<void> {
    const records: BatchRecord[] = [];
    for (const { hostId, receivedAt, events } of arrivals) {
      const { data } = encodeBatch(events);
      const decoded = decodeBatch(data);
      if (!decoded.ok) throw decoded.error;
      const before = this.#positions.get(hostId) ?? { sequence: 0, collected: 0 };
      const position = { sequence: before.sequence + 1, collected: before.collected + events.length };
      this.#positions.set(hostId, position);
      const record = recordOf(
        { hostId, stream: hostId, ...position, receivedAt, data } as never,
        decoded.value,
      );
      if (!record.ok) throw record.error;
      records.push(record.value);
      const { name: hostName = '', product = '' } = this.hosts.find(({ id }) => id === hostId) ?? {};
      const from = { hostId, hostName, product, stream: hostId, sequence: position.sequence, receivedAt };
      this.#live.push({ id: this.#live.length + 1, ...from, batch: decoded.value });
    }
    await this.#writer.append(records);
  }

  seal(upTo = Number.MAX_SAFE_INTEGER, at = 1): void {
    new Sealer(this.#db, join(this.folder, 'segments'), this.#ring).run(upTo, wide, at);
  }

  /** Merges all that can be; with `encodes` row groups are put together into new ones. */
  async compact(at: number): Promise<number> {
    const compactor = new Compactor(this.#db, join(this.folder, 'segments'), this.#ring, {
      ...{ fullRows: 1_000_000, minSegments: 2 },
    });
    let merged = 0;
    while (compactor.step(at + merged) !== undefined) merged++;
    return merged;
  }

  rules(text: string, name = 'rules'): RuleSource {
    const path = join(this.folder, name);
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, 'all.yml'), text);
    return { rulePaths: [path], listPaths: [], uses: [] };
  }

  order(candidate: RuleSource, over: object = {}) {
    return {
      journalPath: join(this.folder, 'journal.db'),
      segmentFolder: join(this.folder, 'segments'),
      workFolder: join(this.folder, 'work'),
      keyFile: this.keyFile,
      ...{ candidate, since: 0, until: 2 ** 51, hosts: this.hosts, threads: 2, memoryBytes: 4 * 2 ** 30 },
      ...over,
    };
  }

  /** The alerts live detection raised, as the control database keeps them. */
  async live(ruleSet: RuleSet): Promise<ReadonlyMap<string, AlertDigest>> {
    const detector = createDetector(ruleSet);
    const control = await openControlStore(join(tempFolder(this.#t), 'control.db'), { durable: false });
    for (const [i, batch] of this.#live.entries())
      await control.detection.commit(
        i + 1,
        detector.detect(originOf(batch), groupsOf(batch), batch.receivedAt),
      );
    const kept = new Map<string, AlertDigest>();
    for (let cursor: string | undefined; ; ) {
      const { items, next } = await control.alerts.list({}, 500, cursor);
      for (const { id, ruleId, count, firstEventAt, lastEventAt } of items)
        kept.set(id, { id, ruleId, count, firstEventAt, lastEventAt });
      if (next === null) break;
      cursor = next;
    }
    await control.close();
    return kept;
  }
}
