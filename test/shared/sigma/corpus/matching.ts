/** Makes texts that a regular expression matches, by walking it: the regular part of the syntax, as far as rules use it. */
import type { Random } from './random.ts';

/** A text the expression ought to match; whoever asks checks it. Throws on syntax it does not know. */
export function textMatching(source: string, random: Random): string {
  const walk = new Walk(source.replace(/^\(\?[ims]+\)/, ''), random);
  const text = walk.choice();
  if (!walk.isDone) throw new Error(`not understood: ${source}`);
  return text;
}

const letters = 'abcdefghijklmnopqrstuvwxyz';
const classes: Readonly<Record<string, string>> = {
  d: '0123456789',
  D: `${letters}-`,
  w: `${letters}0123456789_`,
  W: ' -.',
  s: ' ',
  S: `${letters}0123456789`,
};
const controls: Readonly<Record<string, string>> = {
  t: '\t',
  n: '\n',
  r: '\r',
  f: '\f',
  v: '\v',
  b: '',
  B: '',
};
const printable = Array.from({ length: 95 }, (_, i) => String.fromCharCode(32 + i)).join('');

class Walk {
  readonly #source: string;
  readonly #random: Random;
  #at = 0;

  constructor(source: string, random: Random) {
    this.#source = source;
    this.#random = random;
  }

  get isDone(): boolean {
    return this.#at === this.#source.length;
  }

  choice(): string {
    const texts = [this.#sequence()];
    while (this.#take('|')) texts.push(this.#sequence());
    return this.#random.pick(texts);
  }

  #sequence(): string {
    let text = '';
    while (!this.isDone && !'|)'.includes(this.#source[this.#at]!)) {
      const from = this.#at;
      const first = this.#atom();
      const [least, most] = this.#amount();
      const end = this.#at;
      const count = least + this.#random.below(most - least + 1);
      if (count > 0) text += first;
      // Each turn of a repetition chooses anew.
      for (let turn = 1; turn < count; turn++) {
        this.#at = from;
        text += this.#atom();
      }
      this.#at = end;
    }
    return text;
  }

  #atom(): string {
    const c = this.#source[this.#at++]!;
    if (c === '^' || c === '$') return '';
    if (c === '.') return this.#random.pick([...classes['w']!]);
    if (c === '[') return this.#random.pick([...this.#class()]);
    if (c === '(') {
      const head = /^\?(?::|P?<\w+>|[ims]+:)/.exec(this.#source.slice(this.#at));
      this.#at += head?.[0].length ?? 0;
      const text = this.choice();
      if (!this.#take(')')) throw new Error('not closed');
      return text;
    }
    return c === '\\' ? (this.#random.pick([...this.#escaped()]) ?? '') : c;
  }

  /** The characters an escape may stand for. */
  #escaped(): string {
    const c = this.#source[this.#at++]!;
    if (c === 'x' || c === 'u') {
      const digits = c === 'x' ? 2 : 4;
      const code = this.#source.slice(this.#at, this.#at + digits);
      this.#at += digits;
      return String.fromCharCode(Number.parseInt(code, 16));
    }
    return classes[c] ?? controls[c] ?? c;
  }

  #class(): string {
    const negated = this.#take('^');
    let characters = '';
    for (let first = true; first || this.#source[this.#at] !== ']'; first = false) {
      const low = this.#classPart();
      const isRange =
        this.#source[this.#at] === '-' && this.#source[this.#at + 1] !== ']' && low.length === 1;
      if (!isRange) {
        characters += low;
        continue;
      }
      this.#at++;
      const high = this.#classPart();
      for (let code = low.charCodeAt(0); code <= high.charCodeAt(0); code++)
        characters += String.fromCharCode(code);
    }
    this.#at++;
    return negated ? [...printable].filter((c) => !characters.includes(c)).join('') : characters;
  }

  #classPart(): string {
    const c = this.#source[this.#at++];
    if (c === undefined) throw new Error('not closed');
    return c === '\\' ? this.#escaped() : c;
  }

  /** How often: open ends stop three above the least. */
  #amount(): readonly [number, number] {
    const mark = /^(?:[*+?]|\{(\d+)(,?)(\d*)\})/.exec(this.#source.slice(this.#at));
    if (mark === null) return [1, 1];
    this.#at += mark[0].length;
    this.#take('?');
    if (mark[0] === '*') return [0, 3];
    if (mark[0] === '+') return [1, 3];
    if (mark[0] === '?') return [0, 1];
    const least = Number(mark[1]);
    if (mark[2] === '') return [least, least];
    return [least, Math.min(mark[3] === '' ? least + 3 : Number(mark[3]), least + 3)];
  }

  #take(c: string): boolean {
    if (this.#source[this.#at] !== c) return false;
    this.#at++;
    return true;
  }
}
