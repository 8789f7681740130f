import type { Hashed } from './key-hash.ts';

const least = 16;

/** Times by hash: a table with open addressing, at most three quarters full, and nothing on the heap for an entry. */
export class HashTimes {
  #a = new Uint32Array(least);
  #b = new Uint32Array(least);
  /** NaN where there is none. */
  #at = new Float64Array(least).fill(Number.NaN);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get({ a, b }: Hashed): number | undefined {
    const place = this.#placeOf(a, b);
    const at = this.#at[place]!;
    return Number.isNaN(at) ? undefined : at;
  }

  set({ a, b }: Hashed, at: number): void {
    if ((this.#size + 1) * 4 > this.#at.length * 3) this.#grow();
    const place = this.#placeOf(a, b);
    if (Number.isNaN(this.#at[place]!)) this.#size++;
    this.#put(place, a, b, at);
  }

  delete({ a, b }: Hashed): void {
    let hole = this.#placeOf(a, b);
    if (Number.isNaN(this.#at[hole]!)) return;
    this.#size--;
    const mask = this.#at.length - 1;
    // What comes after and would have stood in the hole or before it moves up.
    for (let next = (hole + 1) & mask; !Number.isNaN(this.#at[next]!); next = (next + 1) & mask) {
      const wanted = this.#a[next]! & mask;
      if (((next - wanted) & mask) < ((next - hole) & mask)) continue;
      this.#put(hole, this.#a[next]!, this.#b[next]!, this.#at[next]!);
      hole = next;
    }
    this.#at[hole] = Number.NaN;
  }

  /** Hash and time of each, one after another. */
  save(): readonly number[] {
    const saved: number[] = [];
    this.#at.forEach((at, place) => {
      if (!Number.isNaN(at)) saved.push(this.#a[place]!, this.#b[place]!, at);
    });
    return saved;
  }

  load(saved: readonly number[]): void {
    for (let i = 0; i + 2 < saved.length; i += 3) this.set({ a: saved[i]!, b: saved[i + 1]! }, saved[i + 2]!);
  }

  /** Where it is, or where it would be. */
  #placeOf(a: number, b: number): number {
    const mask = this.#at.length - 1;
    let place = a & mask;
    while (!Number.isNaN(this.#at[place]!) && (this.#a[place] !== a || this.#b[place] !== b))
      place = (place + 1) & mask;
    return place;
  }

  #put(place: number, a: number, b: number, at: number): void {
    this.#a[place] = a;
    this.#b[place] = b;
    this.#at[place] = at;
  }

  #grow(): void {
    const [as, bs, ats] = [this.#a, this.#b, this.#at];
    this.#a = new Uint32Array(2 * ats.length);
    this.#b = new Uint32Array(2 * ats.length);
    this.#at = new Float64Array(2 * ats.length).fill(Number.NaN);
    for (let i = 0; i < ats.length; i++)
      if (!Number.isNaN(ats[i]!)) this.#put(this.#placeOf(as[i]!, bs[i]!), as[i]!, bs[i]!, ats[i]!);
  }
}
