import { parseRegex, RegexRefusal } from './parse.ts';
import { compileProgram, type Program } from './program.ts';
import { noFlags, type Regex } from './syntax.ts';
import { assertionHolds, neighbourOf, neighbours } from './units.ts';

/** Time and room of one search are at most their product; one byte each. */
export const replaceBounds = { steps: 500, valueLength: 2_048, resultLength: 65_536 } as const;

/**
 * Replaces matches of an expression, whose groups the replacement may name. Goes the way of backtracking matchers, so
 * it takes what they take, but looks at each step and place once at most, so no expression is slow. Throws
 * RegexRefusal for an expression that is not understood or too large.
 */
export class Replacer {
  readonly #program: Program;
  readonly #groups: ReadonlyMap<string, number>;
  readonly #slots: number;

  constructor(source: string) {
    const regex = parseRegex(source, noFlags, true);
    this.#program = compileProgram(regex);
    if (this.#program.steps.length > replaceBounds.steps)
      throw new RegexRefusal(`it comes to more than ${replaceBounds.steps} steps`, true);
    this.#groups = new Map(groupsOf(regex));
    this.#slots = 2 + 2 * this.#groups.size;
  }

  /**
   * Reads a replacement in Python's form (`\1`, `\g<1>`, `\g<name>`) into parts: texts and group numbers. Throws
   * RegexRefusal for a group the expression does not have.
   */
  readReplacement(text: string): readonly (string | number)[] {
    const parts: (string | number)[] = [];
    let from = 0;
    for (const match of text.matchAll(/\\(?:(\d{1,2})|g<(\w+)>|(\\))/g)) {
      parts.push(text.slice(from, match.index));
      from = match.index + match[0].length;
      const name = match[1] ?? match[2];
      if (name === undefined) parts.push('\\');
      else parts.push(this.#groupOf(name));
    }
    return [...parts, text.slice(from)];
  }

  #groupOf(name: string): number {
    const index = name === '0' ? 0 : this.#groups.get(name);
    if (index === undefined)
      throw new RegexRefusal(`the replacement names the group \`${name}\`, which is not there`);
    return index;
  }

  /** The value with every match replaced; undefined when the value or the result is longer than the bounds. */
  replace(value: string, replacement: readonly (string | number)[]): string | undefined {
    if (value.length > replaceBounds.valueLength) return undefined;
    let result = '';
    let from = 0;
    for (let found = this.#search(value, 0); found !== undefined; ) {
      const [start, end] = [found[0]!, found[1]!];
      result += value.slice(from, start);
      for (const part of replacement) result += typeof part === 'string' ? part : textOf(value, found, part);
      if (result.length > replaceBounds.resultLength) return undefined;
      from = end;
      if (end === start && end < value.length) result += value[from++];
      else if (end === start) break;
      found = this.#search(value, from);
    }
    return result + value.slice(from);
  }

  #search(value: string, from: number): Int32Array | undefined {
    const seen = new Uint8Array(this.#program.steps.length * (value.length + 1));
    for (let start = from; start <= value.length; start++) {
      const found = this.#matchAt(value, start, seen);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Depth first, preferred ways first. What was seen and led nowhere leads nowhere from an earlier start either. */
  #matchAt(value: string, start: number, seen: Uint8Array): Int32Array | undefined {
    const marks = new Int32Array(this.#slots).fill(-1);
    marks[0] = start;
    const stack: Pending[] = [{ step: this.#program.start, at: start, slot: -1 }];
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
      if (top.slot >= 0) {
        marks[top.slot] = top.at;
        continue;
      }
      const cell = top.step * (value.length + 1) + top.at;
      if (seen[cell] === 1) continue;
      seen[cell] = 1;
      if (this.#program.steps[top.step]!.op === 'match') {
        marks[1] = top.at;
        return marks;
      }
      this.#follow(top, value, marks, stack);
    }
    return undefined;
  }

  /** Pushes where a step leads; what a mark held goes below, to be put back when that leads nowhere. */
  #follow({ step: index, at }: Pending, value: string, marks: Int32Array, stack: Pending[]): void {
    const step = this.#program.steps[index]!;
    const push = (next: number, place = at) => void stack.push({ step: next, at: place, slot: -1 });
    switch (step.op) {
      case 'match':
        return;
      case 'split':
        for (const way of step.ways.toReversed()) push(way);
        return;
      case 'mark':
        stack.push({ step: 0, at: marks[step.slot]!, slot: step.slot });
        marks[step.slot] = at;
        push(step.next);
        return;
      case 'assert':
        if (assertionHolds(step.what, neighbourAt(value, at - 1), neighbourAt(value, at))) push(step.next);
        return;
      case 'set': {
        const unit = at < value.length ? value.charCodeAt(at) : -1;
        if (step.ranges.some(([low, high]) => unit >= low && unit <= high)) push(step.next, at + 1);
      }
    }
  }
}

/** A step to take at a place; with a slot, a mark to put back to what it was. */
interface Pending {
  readonly step: number;
  readonly at: number;
  readonly slot: number;
}

function neighbourAt(value: string, at: number) {
  return at < 0 || at >= value.length ? neighbours.edge : neighbourOf(value.charCodeAt(at));
}

function textOf(value: string, marks: Int32Array, group: number): string {
  const [from, to] = [marks[group * 2]!, marks[group * 2 + 1]!];
  return from < 0 || to < 0 ? '' : value.slice(from, to);
}

/** Group numbers by number as text, and by name. */
function groupsOf(regex: Regex): readonly (readonly [string, number])[] {
  switch (regex.kind) {
    case 'set':
    case 'assert':
      return [];
    case 'sequence':
    case 'choice':
      return regex.of.flatMap(groupsOf);
    case 'repeat':
      return groupsOf(regex.of);
    case 'capture': {
      const own: (readonly [string, number])[] = [[String(regex.index), regex.index]];
      if (regex.name !== null) own.push([regex.name, regex.index]);
      return [...own, ...groupsOf(regex.of)];
    }
  }
}
