import { BlockPool } from './block-pool.ts';
import type { Budget } from './budget.ts';
import { type GroupTable, groupWord } from './group-table.ts';
import type { Sources } from './sources.ts';

/** Words of a group that say where its events are. `mark` is the ring's user's. */
const word = {
  run: groupWord.own,
  head: groupWord.own + 1,
  size: groupWord.own + 2,
  /** One more than the exponent of the run's length; 0 without a run. */
  room: groupWord.own + 3,
  mark: groupWord.own + 4,
} as const;

/** Words of an event: its time takes the first two. */
const eventWord = { source: 2, index: 3, own: 4 } as const;

/**
 * The events of each group in order of time, those of one time in order of arrival. They lie in a row, so that the
 * n-th is found at once and an event that came late is put in its place by moving what follows it.
 */
export class EventRing {
  readonly #groups: GroupTable;
  readonly #sources: Sources;
  readonly #pool: BlockPool;
  readonly #stride: number;

  /** `ownDoubles`: room in each event beyond its time and id. */
  constructor(groups: GroupTable, sources: Sources, ownDoubles: number, budget: Budget) {
    this.#groups = groups;
    this.#sources = sources;
    this.#stride = 2 + ownDoubles;
    this.#pool = new BlockPool(this.#stride, budget);
  }

  get bytes(): number {
    return this.#pool.bytes;
  }

  hasRoom(): boolean {
    return this.#pool.hasRoom();
  }

  size(group: number): number {
    return this.#groups.records.words[this.#base(group) + word.size]!;
  }

  /** A number the ring's user keeps by group; leaving events move it towards 0. */
  mark(group: number): number {
    return this.#groups.records.words[this.#base(group) + word.mark]!;
  }

  setMark(group: number, mark: number): void {
    this.#groups.records.words[this.#base(group) + word.mark] = mark;
  }

  timeAt(group: number, at: number): number {
    return this.#pool.doubles[this.#record(group, at) * this.#stride]!;
  }

  idAt(group: number, at: number): string {
    const record = this.#record(group, at) * this.#stride * 2;
    return idOf(
      this.#sources.textOf(this.#pool.words[record + eventWord.source]!),
      this.#pool.words[record + eventWord.index]!,
    );
  }

  sourceAt(group: number, at: number): number {
    return this.#pool.words[this.#record(group, at) * this.#stride * 2 + eventWord.source]!;
  }

  indexAt(group: number, at: number): number {
    return this.#pool.words[this.#record(group, at) * this.#stride * 2 + eventWord.index]!;
  }

  /** The number kept with an event. */
  numberAt(group: number, at: number): number {
    return this.#pool.doubles[this.#record(group, at) * this.#stride + 2]!;
  }

  setNumber(group: number, at: number, value: number): void {
    this.#pool.doubles[this.#record(group, at) * this.#stride + 2] = value;
  }

  /** A whole number kept with an event, apart from `numberAt`'s where the ring has two doubles of its own. */
  tagAt(group: number, at: number): number {
    return this.#pool.words[(this.#record(group, at) + 1) * this.#stride * 2 - 1]!;
  }

  setTag(group: number, at: number, tag: number): void {
    this.#pool.words[(this.#record(group, at) + 1) * this.#stride * 2 - 1] = tag;
  }

  /** Puts an event in its place; gives which that is. The source's holder becomes the ring's. */
  insert(group: number, time: number, source: number, index: number): number {
    const size = this.size(group);
    const at = size === 0 || this.timeAt(group, size - 1) <= time ? size : this.firstAfter(group, time);
    this.#makeRoom(group);
    const { words } = this.#groups.records;
    words[this.#base(group) + word.size] = size + 1;
    const record = this.#record(group, at);
    const { doubles, words: events } = this.#pool;
    if (at < size)
      doubles.copyWithin(
        (record + 1) * this.#stride,
        record * this.#stride,
        (record + size - at) * this.#stride,
      );
    doubles[record * this.#stride] = time;
    events[record * this.#stride * 2 + eventWord.source] = source;
    events[record * this.#stride * 2 + eventWord.index] = index;
    return at;
  }

  /** Removes the `count` first events. */
  dropFirst(group: number, count: number): void {
    const base = this.#base(group);
    const { words } = this.#groups.records;
    for (let at = 0; at < count; at++) this.#sources.release(this.sourceAt(group, at));
    words[base + word.head]! += count;
    words[base + word.size]! -= count;
    words[base + word.mark] = Math.max(0, words[base + word.mark]! - count);
  }

  /** Keeps the events that `isKept` says, asked from the last to the first; `mark` is left alone. */
  thin(group: number, isKept: (at: number) => boolean): void {
    const size = this.size(group);
    let to = size;
    for (let at = size - 1; at >= 0; at--) {
      if (!isKept(at)) this.#sources.release(this.sourceAt(group, at));
      else if (--to !== at) this.#move(group, at, to);
    }
    const { words } = this.#groups.records;
    words[this.#base(group) + word.head]! += to;
    words[this.#base(group) + word.size] = size - to;
  }

  /** How many events lie before `time`. */
  firstFrom(group: number, time: number): number {
    let [low, high] = [0, this.size(group)];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.timeAt(group, middle) < time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** How many events lie before or at `time`. */
  firstAfter(group: number, time: number): number {
    let [low, high] = [0, this.size(group)];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.timeAt(group, middle) <= time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Forgets a group's events and gives its run back. */
  clear(group: number): void {
    this.dropFirst(group, this.size(group));
    const base = this.#base(group);
    const { words } = this.#groups.records;
    const room = words[base + word.room]!;
    if (room > 0) this.#pool.give(words[base + word.run]!, room - 1);
    words[base + word.room] = 0;
  }

  #base(group: number): number {
    return group * this.#groups.stride * 2;
  }

  #record(group: number, at: number): number {
    const base = this.#base(group);
    const { words } = this.#groups.records;
    return words[base + word.run]! + words[base + word.head]! + at;
  }

  #move(group: number, from: number, to: number): void {
    const [a, b] = [this.#record(group, from) * this.#stride, this.#record(group, to) * this.#stride];
    this.#pool.doubles.copyWithin(b, a, a + this.#stride);
  }

  /** Makes the run able to take one event more: moves the events to its start, or to a run twice as long. */
  #makeRoom(group: number): void {
    const base = this.#base(group);
    const { words } = this.#groups.records;
    const room = words[base + word.room]!;
    const head = words[base + word.head]!;
    const size = words[base + word.size]!;
    const capacity = room === 0 ? 0 : 2 ** (room - 1);
    if (head + size < capacity) return;
    const from = (words[base + word.run]! + head) * this.#stride;
    if (room > 0 && head * 2 >= capacity) {
      const to = words[base + word.run]! * this.#stride;
      this.#pool.doubles.copyWithin(to, from, from + size * this.#stride);
    } else {
      const run = this.#pool.take(room);
      this.#pool.doubles.copyWithin(run * this.#stride, from, from + size * this.#stride);
      if (room > 0) this.#pool.give(words[base + word.run]!, room - 1);
      words[base + word.run] = run;
      words[base + word.room] = room + 1;
    }
    words[base + word.head] = 0;
  }
}

/** An id is its source followed by its index; an index below 0 says that the source is all of it. */
export function idOf(source: string, index: number): string {
  return index < 0 ? source : `${source}${index}`;
}
