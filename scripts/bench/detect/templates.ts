/** Values that look like a busy fleet's: a few templates make most of the events, their blanks make them distinct. */

export type Random = () => number;

const users = [
  'alice',
  'bob',
  'carol',
  'deploy',
  'svc_backup',
  'jenkins',
  'mallory',
  'dave',
  'erin',
  'frank',
];
const words = ['report', 'build', 'cache', 'index', 'main', 'data', 'update', 'session', 'worker', 'config'];
const domains = [
  'example.com',
  'corp.local',
  'cdn.example.net',
  'internal',
  'api.example.org',
  'ads.example.io',
];

const hex = (random: Random, digits: number) => {
  let text = '';
  for (let i = 0; i < digits; i++) text += Math.floor(random() * 16).toString(16);
  return text;
};
const pick = <T>(random: Random, list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;

/** What may stand in braces in a template. */
const blanks: Readonly<Record<string, (random: Random) => string>> = {
  n: (r) => String(Math.floor(r() * 1_000)),
  pid: (r) => String(300 + Math.floor(r() * 64_000)),
  hex: (r) => hex(r, 8),
  sha: (r) => hex(r, 64),
  guid: (r) => `${hex(r, 8)}-${hex(r, 4)}-4${hex(r, 3)}-a${hex(r, 3)}-${hex(r, 12)}`,
  user: (r) => users[Math.floor(r() ** 2 * users.length)] as string,
  word: (r) => pick(r, words),
  domain: (r) => `${pick(r, words)}${Math.floor(r() * 40)}.${pick(r, domains)}`,
  ip: (r) => `10.${Math.floor(r() * 4)}.${Math.floor(r() * 16)}.${Math.floor(r() * 250)}`,
  port: (r) => String(32_768 + Math.floor(r() * 28_000)),
};

/** Fills the blanks of a template. */
export function fill(template: string, random: Random): string {
  const text = template.replace(/\{(\w+)\}/g, (_, name: string) => blanks[name]!(random));
  // One flat string, as a decoder gives it, and not a rope of pieces.
  return Buffer.from(text).toString();
}

/** Picks by Zipf's law: the k-th of the list is k times rarer than the first. */
export class Zipf<T> {
  readonly #list: readonly T[];
  readonly #sums: Float64Array;

  constructor(list: readonly T[], exponent = 1) {
    this.#list = list;
    let sum = 0;
    this.#sums = Float64Array.from(list, (_, k) => (sum += 1 / (k + 1) ** exponent));
  }

  pick(random: Random): T {
    const at = random() * this.#sums.at(-1)!;
    const k = this.#sums.findIndex((sum) => sum >= at);
    return this.#list[k] as T;
  }
}

/** Part of the events that rules are written for. */
export const suspiciousShare = 0.005;

/** Picks from the ordinary ones, and now and then evenly from the suspicious. */
export class Mix<T> {
  readonly #ordinary: Zipf<T>;
  readonly #suspicious: readonly T[];

  constructor(ordinary: readonly T[], suspicious: readonly T[]) {
    this.#ordinary = new Zipf(ordinary, 1.1);
    this.#suspicious = suspicious;
  }

  pick(random: Random): T {
    return random() < suspiciousShare ? pick(random, this.#suspicious) : this.#ordinary.pick(random);
  }
}
