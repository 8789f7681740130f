interface Lane<T> {
  readonly items: T[];
  head: number;
}

/**
 * Items of many hosts, taken from each in turn: a host with a long queue waits behind its own items, not others behind
 * them. Those of one host stay in order. How much one host may have here is bounded by its credit.
 */
export class FairQueue<T extends { readonly hostId: string }> {
  /** In order of turn. */
  readonly #lanes = new Map<string, Lane<T>>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(item: T): void {
    const lane = this.#lanes.get(item.hostId);
    if (lane === undefined) this.#lanes.set(item.hostId, { items: [item], head: 0 });
    else lane.items.push(item);
    this.#count++;
  }

  /** The next items, at most `limit`. */
  take(limit: number): T[] {
    const taken: T[] = [];
    while (taken.length < limit && this.#count > 0) {
      for (const [hostId, lane] of this.#lanes) {
        taken.push(lane.items[lane.head++] as T);
        this.#count--;
        // To the end of the turn, where it has more.
        this.#lanes.delete(hostId);
        if (lane.head < lane.items.length) this.#lanes.set(hostId, lane);
        break;
      }
    }
    return taken;
  }
}
