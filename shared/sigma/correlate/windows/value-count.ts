import { correlationBounds } from '../bounds.ts';
import { type ByteReader, type ByteWriter, SnapshotDamage } from '../bytes.ts';
import { idOf } from '../memory/event-ring.ts';
import { groupWord } from '../memory/group-table.ts';
import { KeyBuffer } from '../memory/key-buffer.ts';
import { KeyTable } from '../memory/key-table.ts';
import { PairIndex, type PairRecords } from '../memory/pair-index.ts';
import { RecordPool } from '../memory/record-pool.ts';
import { type Hit, isWithin, type Seen, type Window, type WindowContext, type WindowKind } from './window.ts';

/** Words of a value seen in a group; the time it was last seen takes the first two. */
const entry = { older: 2, younger: 3, source: 4, index: 5, value: 6, group: 7, chain: 8 } as const;
const stride = 5;
const width = stride * 2;
/** Words of a group. */
const own = { oldest: groupWord.own, youngest: groupWord.own + 1, size: groupWord.own + 2 } as const;

/** Places a late value is moved down; what is later still stays a little longer than it should. */
const placeSteps = 1_024;

/**
 * Counts distinct values in the window that ends at the newest event. A group's values are in order of when they
 * were last seen, so that each event costs the same however many there are. An event that comes late counts in that
 * window if it falls in it; windows that ended before are not judged again.
 */
class ValueCountWindow implements Window, PairRecords {
  readonly #context: WindowContext;
  readonly #spanUs: number;
  readonly #range;
  readonly #values: KeyTable;
  readonly #pool: RecordPool;
  readonly #pairs: PairIndex;
  readonly #key: KeyBuffer;
  /** While a snapshot is read: slots of its values. */
  #read = new Map<number, number>();

  constructor(context: WindowContext) {
    const { rule } = context.correlation;
    this.#context = context;
    this.#spanUs = rule.timespanUs;
    this.#range = rule.range;
    this.#values = new KeyTable(context.budget);
    this.#pool = new RecordPool(stride, context.budget);
    this.#pairs = new PairIndex(this, context.budget);
    this.#key = new KeyBuffer(rule.fields.length);
  }

  get bytes(): number {
    return this.#values.bytes + this.#pool.bytes + this.#pairs.bytes;
  }

  hasRoom(): boolean {
    return this.#pool.hasRoom() && this.#values.hasRoom();
  }

  first(record: number): number {
    return this.#pool.words[record * width + entry.group]!;
  }
  second(record: number): number {
    return this.#pool.words[record * width + entry.value]!;
  }
  next(record: number): number {
    return this.#pool.words[record * width + entry.chain]!;
  }
  setNext(record: number, next: number): void {
    this.#pool.words[record * width + entry.chain] = next;
  }

  add(group: number, seen: Seen, newestAt: number): Hit | null {
    if (seen.time < newestAt - this.#spanUs) {
      this.#context.counts.tooLate++;
      return null;
    }
    this.#note(group, seen);
    const now = Math.max(newestAt, seen.time);
    this.#expire(group, now - this.#spanUs);
    const count = this.#own(group, own.size);
    if (!isWithin(count, this.#range)) return null;
    return {
      firstAt: this.#pool.doubles[this.#own(group, own.oldest) * stride]!,
      lastAt: now,
      value: count,
      events: count,
      eventIds: () => this.#ids(group),
    };
  }

  #note(group: number, { value, time, source, index }: Seen): void {
    let slot = this.#values.find(value);
    const found = slot < 0 ? -1 : this.#pairs.find(group, slot);
    const { sources } = this.#context;
    if (found >= 0) {
      const { words, doubles } = this.#pool;
      if (time < doubles[found * stride]!) return;
      doubles[found * stride] = time;
      const before = words[found * width + entry.source]!;
      words[found * width + entry.source] = sources.hold(source);
      sources.release(before);
      words[found * width + entry.index] = index;
      if (this.#own(group, own.youngest) === found) return;
      this.#unlink(group, found);
      this.#link(group, found, time);
      return;
    }
    if (slot < 0) slot = this.#values.add(value);
    else this.#values.hold(slot);
    this.#enter(group, slot, time, sources.hold(source), index);
  }

  #enter(group: number, value: number, time: number, source: number, index: number): void {
    const record = this.#pool.take();
    const { words, doubles } = this.#pool;
    doubles[record * stride] = time;
    words[record * width + entry.source] = source;
    words[record * width + entry.index] = index;
    words[record * width + entry.value] = value;
    words[record * width + entry.group] = group;
    this.#pairs.add(record);
    this.#link(group, record, time);
  }

  #expire(group: number, oldestKept: number): void {
    for (;;) {
      const oldest = this.#own(group, own.oldest);
      const isOver = this.#own(group, own.size) > correlationBounds.valuesPerGroup;
      if (this.#pool.doubles[oldest * stride]! >= oldestKept && !isOver) return;
      if (isOver) this.#context.counts.dropped++;
      this.#leave(group, oldest);
    }
  }

  #leave(group: number, record: number): void {
    this.#unlink(group, record);
    this.#pairs.remove(record);
    this.#values.release(this.#pool.words[record * width + entry.value]!);
    this.#context.sources.release(this.#pool.words[record * width + entry.source]!);
    this.#pool.give(record);
  }

  /** Links a record in below those seen later. */
  #link(group: number, record: number, time: number): void {
    const { words, doubles } = this.#pool;
    const size = this.#own(group, own.size);
    let younger = -1;
    let older = size === 0 ? -1 : this.#own(group, own.youngest);
    for (let step = 0; older >= 0 && doubles[older * stride]! > time && step < placeSteps; step++) {
      younger = older;
      older = words[older * width + entry.older]!;
    }
    words[record * width + entry.older] = older;
    words[record * width + entry.younger] = younger;
    if (older >= 0) words[older * width + entry.younger] = record;
    else this.#setOwn(group, own.oldest, record);
    if (younger >= 0) words[younger * width + entry.older] = record;
    else this.#setOwn(group, own.youngest, record);
    this.#setOwn(group, own.size, size + 1);
  }

  #unlink(group: number, record: number): void {
    const { words } = this.#pool;
    const older = words[record * width + entry.older]!;
    const younger = words[record * width + entry.younger]!;
    if (older >= 0) words[older * width + entry.younger] = younger;
    else this.#setOwn(group, own.oldest, younger);
    if (younger >= 0) words[younger * width + entry.older] = older;
    else this.#setOwn(group, own.youngest, older);
    this.#setOwn(group, own.size, this.#own(group, own.size) - 1);
  }

  #own(group: number, word: number): number {
    const { records, stride: doubles } = this.#context.groups;
    return records.words[group * doubles * 2 + word]!;
  }

  #setOwn(group: number, word: number, value: number): void {
    const { records, stride: doubles } = this.#context.groups;
    records.words[group * doubles * 2 + word] = value;
  }

  #ids(group: number): readonly string[] {
    const ids: string[] = [];
    const { words } = this.#pool;
    let record = this.#own(group, own.youngest);
    for (
      ;
      record >= 0 && ids.length < correlationBounds.evidence;
      record = words[record * width + entry.older]!
    )
      ids.push(
        idOf(
          this.#context.sources.textOf(words[record * width + entry.source]!),
          words[record * width + entry.index]!,
        ),
      );
    return ids.reverse();
  }

  clear(group: number): void {
    while (this.#own(group, own.size) > 0) this.#leave(group, this.#own(group, own.oldest));
  }

  writeShared(out: ByteWriter): void {
    out.count(this.#values.size);
    for (let slot = 0; slot < this.#values.extent; slot++) {
      if (!this.#values.isLive(slot)) continue;
      const { bytes, isWide } = this.#values.bytesOf(slot);
      out.count(slot);
      out.count(isWide ? 1 : 0);
      out.bytes(bytes);
    }
  }

  readShared(from: ByteReader): void {
    const size = from.count();
    for (let i = 0; i < size; i++) {
      const written = from.count();
      const isWide = from.count() === 1;
      this.#key.load(from.bytes(), isWide);
      this.#read.set(written, this.#values.add(this.#key));
    }
  }

  write(group: number, out: ByteWriter): void {
    const size = this.#own(group, own.size);
    out.count(size);
    const { words, doubles } = this.#pool;
    let record = size === 0 ? -1 : this.#own(group, own.oldest);
    for (; record >= 0; record = words[record * width + entry.younger]!) {
      out.double(doubles[record * stride]!);
      out.count(words[record * width + entry.source]!);
      out.count(words[record * width + entry.index]! + 1);
      out.count(words[record * width + entry.value]!);
    }
  }

  read(group: number, from: ByteReader, sourceOf: (written: number) => string): void {
    const size = from.count();
    for (let i = 0; i < size; i++) {
      const time = from.double();
      const source = this.#context.sources.hold(sourceOf(from.count()));
      const index = from.count() - 1;
      const value = this.#read.get(from.count());
      if (value === undefined) throw new SnapshotDamage('a value is missing');
      this.#values.hold(value);
      this.#enter(group, value, time, source, index);
    }
  }

  /** Values are held by the entries that name them, no longer by the reading. */
  endRead(): void {
    for (const slot of this.#read.values()) this.#values.release(slot);
    this.#read = new Map();
  }
}

export const valueCount: WindowKind = {
  groupDoubles: 0,
  make: (context) => new ValueCountWindow(context),
};
