import type { IndexHint } from '../value-tests/test.ts';
import type { Bound } from './bind.ts';
import type { Frame } from './frame.ts';
import { SharedParts } from './shared-parts.ts';
import { isText, longList, TextList } from './text-list.ts';

export type Evaluate = () => boolean;

/** Compiles bound conditions to functions over the frame. Parts that several share are evaluated once a row. */
export class ConditionCompiler {
  readonly #frame: Frame;
  readonly #shared = new SharedParts();
  readonly #answers: RowAnswers;

  /** `bounds` are all conditions there will be. */
  constructor(bounds: readonly Bound[], frame: Frame) {
    this.#frame = frame;
    for (const bound of bounds) this.#shared.add(bound);
    this.#answers = new RowAnswers(this.#shared.count, frame);
  }

  /** Equal for conditions that ask the same. */
  idOf(bound: Bound): number {
    return this.#shared.idOf(bound);
  }

  compile(bound: Bound): Evaluate {
    const id = this.#shared.sharedId(bound);
    return id === undefined ? this.#compile(bound) : this.#answers.of(id, () => this.#compile(bound));
  }

  #compile(bound: Bound): Evaluate {
    const frame = this.#frame;
    switch (bound.op) {
      case 'constant': {
        const { value } = bound;
        return () => value;
      }
      case 'slot':
      case 'compare-fields': {
        const { slot } = bound;
        return () => frame.holds(slot);
      }
      case 'not': {
        const inner = this.compile(bound.of);
        return () => !inner();
      }
      case 'at-least':
        return this.#compileAtLeast(bound.of, bound.least);
    }
  }

  #compileAtLeast(parts: readonly Bound[], least: number): Evaluate {
    const inOrder = [...parts].sort((a, b) => effortOf(a) - effortOf(b));
    if (least === 1) return this.#compileAny(inOrder);
    const inner = inOrder.map((part) => this.compile(part));
    if (least === inner.length) {
      return () => {
        for (const holds of inner) if (!holds()) return false;
        return true;
      };
    }
    return () => {
      let left = least;
      for (const holds of inner) if (holds() && --left === 0) return true;
      return false;
    };
  }

  /** Long lists of texts are looked for in one pass, the rest one after the other. */
  #compileAny(parts: readonly Bound[]): Evaluate {
    const frame = this.#frame;
    const byColumn = Map.groupBy(parts.filter(isText), ({ column }) => column);
    const lists = [...byColumn.values()].filter((texts) => texts.length >= longList);
    const listed = new Set<Bound>(lists.flat());
    const alone = parts.filter((part) => !listed.has(part));
    const inner = lists.map((texts) => new TextList(texts, frame).holds);
    const slots = alone.flatMap((part) => (isSlot(part) ? [part.slot] : []));
    for (const part of alone) if (!isSlot(part)) inner.push(this.compile(part));
    return () => {
      for (const slot of slots) if (frame.holds(slot)) return true;
      for (const holds of inner) if (holds()) return true;
      return false;
    };
  }
}

/** Answers by part, kept for the row they were given in. */
class RowAnswers {
  readonly #frame: Frame;
  readonly #yes: Uint32Array;
  readonly #no: Uint32Array;
  readonly #made = new Map<number, Evaluate>();

  constructor(parts: number, frame: Frame) {
    this.#frame = frame;
    this.#yes = new Uint32Array(parts);
    this.#no = new Uint32Array(parts);
    frame.onEpochsAnew(() => {
      this.#yes.fill(0);
      this.#no.fill(0);
    });
  }

  of(id: number, compile: () => Evaluate): Evaluate {
    let made = this.#made.get(id);
    if (made === undefined) {
      const evaluate = compile();
      const [yes, no, frame] = [this.#yes, this.#no, this.#frame];
      made = () => {
        const { epoch } = frame;
        if (no[id] === epoch) return false;
        if (yes[id] === epoch) return true;
        const holds = evaluate();
        (holds ? yes : no)[id] = epoch;
        return holds;
      };
      this.#made.set(id, made);
    }
    return made;
  }
}

function isSlot(bound: Bound): bound is Bound & { readonly op: 'slot' | 'compare-fields' } {
  return bound.op === 'slot' || bound.op === 'compare-fields';
}

/** What asking costs at most, so that stamps are looked at before expressions are run. */
function effortOf(bound: Bound): number {
  switch (bound.op) {
    case 'constant':
      return 0;
    case 'slot':
      return effortOfHint(bound.predicate.test.hint);
    case 'compare-fields':
      return 500;
    case 'not':
      return effortOf(bound.of);
    case 'at-least':
      return bound.of.reduce((sum, part) => sum + effortOf(part), 0);
  }
}

function effortOfHint(hint: IndexHint): number {
  if (hint.by === 'scan') return 1_000;
  if (hint.by === 'literal' && hint.at === 'anywhere') return hint.sure ? 20 : 500;
  return 1;
}
