import type { Budget } from './budget.ts';

/** What a source costs beside its text: its places in the map and the lists. */
const overheadBytes = 96;

/** The texts that event ids begin with, each kept once while an event of it is held. */
export class Sources {
  readonly #budget: Budget;
  readonly #slots = new Map<string, number>();
  readonly #texts: string[] = [];
  readonly #holders: number[] = [];
  readonly #free: number[] = [];
  #last = '';
  #lastSlot = -1;
  #bytes = 0;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  get bytes(): number {
    return this.#bytes;
  }

  hasRoom(): boolean {
    return this.#budget.allows(this.#bytes, 1_024);
  }

  /** The slot of a source, with one holder more. */
  hold(text: string): number {
    let slot = this.#lastSlot;
    if (slot < 0 || text !== this.#last) {
      slot = this.#slots.get(text) ?? this.#add(text);
      this.#last = text;
      this.#lastSlot = slot;
    }
    this.#holders[slot]!++;
    return slot;
  }

  release(slot: number): void {
    if (--this.#holders[slot]! > 0) return;
    const text = this.#texts[slot]!;
    this.#slots.delete(text);
    this.#texts[slot] = '';
    this.#free.push(slot);
    this.#note(-(overheadBytes + text.length));
    if (slot === this.#lastSlot) this.#lastSlot = -1;
  }

  textOf(slot: number): string {
    return this.#texts[slot]!;
  }

  /** Slots that are held, with their texts. */
  live(): readonly (readonly [slot: number, text: string])[] {
    return [...this.#slots].map(([text, slot]) => [slot, text]);
  }

  #add(text: string): number {
    const slot = this.#free.pop() ?? this.#texts.length;
    this.#texts[slot] = text;
    this.#holders[slot] = 0;
    this.#slots.set(text, slot);
    this.#note(overheadBytes + text.length);
    return slot;
  }

  #note(bytes: number): void {
    this.#bytes += bytes;
    this.#budget.note(bytes);
  }
}
