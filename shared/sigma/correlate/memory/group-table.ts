import type { Budget } from './budget.ts';
import type { KeyBuffer } from './key-buffer.ts';
import { KeyTable } from './key-table.ts';
import { RecordPool } from './record-pool.ts';

/** Words of a group's record. What a window keeps of a group begins at `own`. */
export const groupWord = { older: 0, younger: 1, own: 2 } as const;
/** Doubles of a group's record; six words for windows lie before them. */
export const groupDouble = { episodeAt: 4, firedAt: 5, newestAt: 6, own: 7 } as const;

/** Groups by key, in order of when they were last touched. A group's slot is its key's. */
export class GroupTable {
  readonly records: RecordPool;
  readonly stride: number;
  readonly #keys: KeyTable;
  #oldest = -1;
  #youngest = -1;

  /** `ownDoubles`: what a window needs in each record beyond its six words. */
  constructor(ownDoubles: number, budget: Budget) {
    this.stride = groupDouble.own + ownDoubles;
    this.records = new RecordPool(this.stride, budget);
    this.#keys = new KeyTable(budget);
  }

  get size(): number {
    return this.#keys.size;
  }

  get bytes(): number {
    return this.records.bytes + this.#keys.bytes;
  }

  /** The group touched longest ago; -1 when there is none. */
  get oldest(): number {
    return this.#oldest;
  }

  hasRoom(): boolean {
    return this.#keys.hasRoom() && this.records.hasRoom(this.#keys.upcoming);
  }

  find(key: KeyBuffer): number {
    return this.#keys.find(key);
  }

  /** Adds a group that is not there, as the youngest. */
  add(key: KeyBuffer): number {
    const group = this.#keys.add(key);
    this.records.reach(group);
    const { doubles } = this.records;
    const at = group * this.stride;
    doubles.fill(0, at, at + this.stride);
    doubles[at + groupDouble.firedAt] = Number.NEGATIVE_INFINITY;
    doubles[at + groupDouble.newestAt] = Number.NEGATIVE_INFINITY;
    this.#append(group);
    return group;
  }

  /** Makes a group the youngest. */
  touch(group: number): void {
    if (group === this.#youngest) return;
    this.#unlink(group);
    this.#append(group);
  }

  remove(group: number): void {
    this.#unlink(group);
    this.#keys.release(group);
  }

  younger(group: number): number {
    return this.records.words[group * this.stride * 2 + groupWord.younger]!;
  }

  keyOf(group: number): ReturnType<KeyTable['bytesOf']> {
    return this.#keys.bytesOf(group);
  }

  newestAt(group: number): number {
    return this.records.doubles[group * this.stride + groupDouble.newestAt]!;
  }

  setNewestAt(group: number, time: number): void {
    this.records.doubles[group * this.stride + groupDouble.newestAt] = time;
  }

  /** The episode last fired in: when it began, and when it last fired; minus infinity where it never did. */
  episodeOf(group: number): { readonly episodeAt: number; readonly firedAt: number } {
    const { doubles } = this.records;
    const at = group * this.stride;
    return { episodeAt: doubles[at + groupDouble.episodeAt]!, firedAt: doubles[at + groupDouble.firedAt]! };
  }

  setEpisode(group: number, episodeAt: number, firedAt: number): void {
    const { doubles } = this.records;
    const at = group * this.stride;
    doubles[at + groupDouble.episodeAt] = episodeAt;
    doubles[at + groupDouble.firedAt] = firedAt;
  }

  #append(group: number): void {
    const { words } = this.records;
    const width = this.stride * 2;
    words[group * width + groupWord.older] = this.#youngest;
    words[group * width + groupWord.younger] = -1;
    if (this.#youngest >= 0) words[this.#youngest * width + groupWord.younger] = group;
    else this.#oldest = group;
    this.#youngest = group;
  }

  #unlink(group: number): void {
    const { words } = this.records;
    const width = this.stride * 2;
    const older = words[group * width + groupWord.older]!;
    const younger = words[group * width + groupWord.younger]!;
    if (older >= 0) words[older * width + groupWord.younger] = younger;
    else this.#oldest = younger;
    if (younger >= 0) words[younger * width + groupWord.older] = older;
    else this.#youngest = older;
  }
}
