import { AhoCorasick } from './aho-corasick.ts';

const isAscii = (text: string): boolean => !/[^\0-\x7f]/.test(text);

/**
 * Finds which of many texts stand in a value, in one pass over it. Texts beyond ASCII have an automaton of their own,
 * which values of ASCII never see: a few hundred emoji would make the rows of the common one too wide for the cache.
 */
export class LiteralIndex {
  readonly #ascii: AhoCorasick;
  readonly #wide: AhoCorasick | null;
  readonly #asciiIds: readonly number[];
  readonly #wideIds: readonly number[];

  /** `texts` are distinct and not empty. */
  constructor(texts: readonly string[]) {
    const ids = texts.map((_, id) => id);
    this.#asciiIds = ids.filter((id) => isAscii(texts[id]!));
    this.#wideIds = ids.filter((id) => !isAscii(texts[id]!));
    this.#ascii = new AhoCorasick(this.#asciiIds.map((id) => texts[id]!));
    this.#wide = this.#wideIds.length === 0 ? null : new AhoCorasick(this.#wideIds.map((id) => texts[id]!));
  }

  /** Calls `found` with the place in `texts` of each text that is in the value, once for each. */
  scan(value: string, found: (text: number) => void): void {
    const units = this.#ascii.scan(value, (text) => found(this.#asciiIds[text]!));
    if (units > 0x7f && this.#wide !== null) this.#wide.scan(value, (text) => found(this.#wideIds[text]!));
  }
}
