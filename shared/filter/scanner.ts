import { refuse } from './problem.ts';
import type { Written } from './value.ts';

/** Reads the words of a filter one after the other. */
export class Scanner {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  get isAtEnd(): boolean {
    this.skipSpace();
    return this.at >= this.text.length;
  }

  skipSpace(): void {
    while (/\s/.test(this.text[this.at] ?? '')) this.at++;
  }

  /** Takes this sign when it comes next, spaces before it left out. */
  take(sign: string): boolean {
    this.skipSpace();
    if (!this.text.startsWith(sign, this.at)) return false;
    this.at += sign.length;
    return true;
  }

  #match(pattern: RegExp): string | undefined {
    this.skipSpace();
    pattern.lastIndex = this.at;
    return pattern.exec(this.text)?.[0];
  }

  /** The keyword that comes next, `and`, `or`, `not` or `to`, in whatever case; it is not taken. */
  peekKeyword(): string | undefined {
    return this.#match(/(?:and|or|not|to)(?=[\s()[\]{}]|$)/iy)?.toLowerCase();
  }

  takeKeyword(keyword: string): boolean {
    if (this.peekKeyword() !== keyword) return false;
    this.at += keyword.length;
    return true;
  }

  /** The name of a field with its colon behind it, which is taken too. */
  takeName(): Written | undefined {
    const found = this.#match(/[\p{L}@_][\p{L}\p{N}_.@-]*:/uy);
    if (found === undefined) return undefined;
    const from = this.at;
    this.at += found.length;
    return { text: found.slice(0, -1), isPlain: true, from, to: this.at - 1 };
  }

  takeComparison(): '>=' | '<=' | '>' | '<' | undefined {
    const found = this.#match(/[<>]=?/y);
    this.at += found?.length ?? 0;
    return found as '>=' | undefined;
  }

  /** A word or quoted text that begins right here; `ends` are signs that end a word besides space and brackets. */
  takeText(ends: string): Written | undefined {
    const quote = this.text[this.at];
    if (quote === '"' || quote === "'") return this.#quoted(quote);
    const from = this.at;
    while (this.at < this.text.length && !/[\s()]/.test(this.text[this.at] as string)) {
      if (ends.includes(this.text[this.at] as string)) break;
      this.at++;
    }
    if (this.at === from) return undefined;
    return { text: this.text.slice(from, this.at), isPlain: false, from, to: this.at };
  }

  /** In double quotes a backslash before a quote makes it plain; other backslashes are left to the wildcards. */
  #quoted(quote: string): Written {
    const from = this.at;
    let text = '';
    for (let i = from + 1; i < this.text.length; i++) {
      const c = this.text[i] as string;
      const next = this.text[i + 1];
      if (c === quote) {
        this.at = i + 1;
        return { text, isPlain: quote === "'", from, to: this.at };
      }
      if (quote === '"' && c === '\\' && next === '"') {
        text += next;
        i++;
      } else if (quote === '"' && c === '\\' && next === '\\') {
        text += '\\\\';
        i++;
      } else text += c;
    }
    return refuse('filter.syntax', 'This quote has no end.', { from, to: this.text.length });
  }

  /** What stands here, for saying that it was not expected. */
  rest(): { readonly from: number; readonly to: number; readonly text: string } {
    this.skipSpace();
    const text = /^\S*/.exec(this.text.slice(this.at))?.[0] ?? '';
    return { from: this.at, to: this.at + text.length, text };
  }
}
