import type { Bound } from './bind.ts';
import type { Frame } from './frame.ts';
import { LiteralIndex } from './literal-index.ts';

/** Texts in one list from which on one pass for all is quicker than a look for each. */
export const longList = 8;

type SlotBound = Bound & { readonly op: 'slot' };

/** Whether a part of a list only asks for a text anywhere in a column. */
export function isText(bound: Bound): bound is SlotBound {
  if (bound.op !== 'slot' || bound.column === null) return false;
  const { hint } = bound.predicate.test;
  return hint.by === 'literal' && hint.at === 'anywhere' && hint.sure;
}

/** Asks whether any of many texts is in a column, in one pass over its values. Made when first asked. */
export class TextList {
  readonly #parts: readonly SlotBound[];
  readonly #column: string;
  readonly #frame: Frame;
  #index: LiteralIndex | undefined;

  /** `parts` are about one column. */
  constructor(parts: readonly SlotBound[], frame: Frame) {
    this.#parts = parts;
    this.#column = parts[0]!.column!;
    this.#frame = frame;
  }

  readonly holds = (): boolean => {
    const { indexed } = this.#frame;
    // What an index looks for is known without looking.
    if (this.#parts.some(({ slot }) => indexed[slot] === 1 && this.#frame.holds(slot))) return true;
    if (this.#parts.every(({ slot }) => indexed[slot] === 1)) return false;
    this.#index ??= new LiteralIndex([...new Set(this.#parts.flatMap(textsOf))]);
    let found = false;
    for (const { folded } of this.#frame.valuesOf(this.#column)) {
      this.#index.scan(folded, () => {
        found = true;
      });
      if (found) return true;
    }
    return false;
  };
}

function textsOf({ predicate: { test } }: SlotBound): readonly string[] {
  return test.hint.by === 'literal' ? test.hint.texts : [];
}
