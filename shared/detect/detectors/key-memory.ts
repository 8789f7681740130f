/** Pairs remembered; beyond it all are forgotten, which costs time and nothing else. */
const most = 50_000;

/**
 * What is made of the key of a pair of texts that come again and again, such as host and program: made once, so that
 * they need not be joined, hashed and looked up for every event. No state: it can be made anew.
 */
export class PairMemory<T> {
  readonly #make: (key: string) => T;
  #byFirst = new Map<string, Map<string, T>>();
  #size = 0;

  constructor(make: (key: string) => T) {
    this.#make = make;
  }

  of(first: string, second: string): T {
    let bySecond = this.#byFirst.get(first);
    const known = bySecond?.get(second);
    if (known !== undefined) return known;
    if (this.#size >= most) {
      this.#byFirst = new Map();
      this.#size = 0;
      bySecond = undefined;
    }
    if (bySecond === undefined) {
      bySecond = new Map();
      this.#byFirst.set(first, bySecond);
    }
    const made = this.#make(`${first}\0${second}`);
    bySecond.set(second, made);
    this.#size++;
    return made;
  }
}

/** Joins two texts to one key, the same string each time. */
export class KeyMemory extends PairMemory<string> {
  constructor() {
    super((key) => key);
  }
}
