/** The lines of a text, one at a time. Only `\n` ends a line. */
export class Lines {
  readonly #text: string;
  /** Counted from 1. */
  number = 1;
  /** Offsets of the current line, its end exclusive. */
  start = 0;
  end: number;
  /** Blanks before the content; may be set to where content begins after a dash. */
  indent = 0;
  isDone: boolean;
  /** The current line, once asked for, and where it starts. */
  #line = '';
  #lineAt = -1;

  constructor(text: string) {
    this.#text = text;
    this.isDone = text === '';
    this.end = this.#lineEnd(0);
    this.indent = this.#measure();
  }

  next(): void {
    if (this.end >= this.#text.length) {
      this.isDone = true;
      this.start = this.#text.length;
      this.end = this.start;
      this.indent = 0;
      return;
    }
    this.number++;
    this.start = this.end + 1;
    this.end = this.#lineEnd(this.start);
    this.indent = this.#measure();
  }

  /** Goes on to the next line that is neither blank nor a comment, if the current one is; false at the end. */
  toContent(): boolean {
    while (!this.isDone && (this.#isBlank() || this.#text[this.start + this.indent] === '#')) this.next();
    return !this.isDone;
  }

  /** Where a text stands in the current line, from an offset on; -1 when it does not. */
  find(text: string, from: number): number {
    const at = this.#current().indexOf(text, from - this.start);
    return at < 0 ? -1 : at + this.start;
  }

  /** `---` alone on its line. */
  isSeparator(): boolean {
    if (this.indent !== 0 || !this.#text.startsWith('---', this.start)) return false;
    return this.#text.slice(this.start + 3, this.end).trim() === '';
  }

  /**
   * The lines of a block scalar whose holder has the given indent, without their common indent; undefined when it is
   * empty or its indentation is not plain.
   */
  takeBlock(holder: number): readonly string[] | undefined {
    const raw: { readonly from: number; readonly to: number; readonly indent: number }[] = [];
    let margin = -1;
    while (!this.isDone && (this.#isBlank() || this.indent > holder)) {
      if (!this.#isBlank() && margin < 0) margin = this.indent;
      raw.push({ from: this.start, to: this.end, indent: this.#isBlank() ? -1 : this.indent });
      this.next();
    }
    if (margin < 0) return undefined;
    const lines: string[] = [];
    for (const { from, to, indent } of raw) {
      if (indent >= 0 && indent < margin) return undefined;
      if (indent < 0 && to - from > margin) return undefined;
      lines.push(indent < 0 ? '' : this.#text.slice(from + margin, to));
    }
    return lines;
  }

  #current(): string {
    if (this.#lineAt !== this.start) {
      this.#line = this.#text.slice(this.start, this.end);
      this.#lineAt = this.start;
    }
    return this.#line;
  }

  #isBlank(): boolean {
    return this.start + this.indent >= this.end;
  }

  #lineEnd(from: number): number {
    const end = this.#text.indexOf('\n', from);
    return end < 0 ? this.#text.length : end;
  }

  #measure(): number {
    let at = this.start;
    while (at < this.end && this.#text.charCodeAt(at) === 32) at++;
    return at - this.start;
  }
}
