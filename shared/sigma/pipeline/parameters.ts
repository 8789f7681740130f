import type { ErrorCode } from '../../errors.ts';
import type { Scalar } from '../document.ts';
import { entryOf, type MapTree, type Tree } from '../parse/tree.ts';
import type { Place } from '../problem.ts';
import { Automaton } from '../regex/automaton.ts';
import { parseRegex, RegexRefusal } from '../regex/parse.ts';
import { compileProgram } from '../regex/program.ts';
import { noFlags } from '../regex/syntax.ts';

/** Why a pipeline is not understood, and where. Becomes a problem of the pipeline. */
export class PipelineFault extends Error {
  readonly place: Place;
  readonly code: ErrorCode;

  constructor(message: string, place: Place, code: ErrorCode = 'pipeline.invalid') {
    super(message);
    this.place = place;
    this.code = code;
  }
}

/**
 * Reads the parameters of a transformation or condition. Every reader throws PipelineFault where the parameter is
 * missing or of another kind; `end` does for parameters nobody read.
 */
export class Parameters {
  readonly tree: MapTree;
  /** The type, for messages. */
  readonly of: string;
  readonly #read = new Set<string>();

  constructor(tree: MapTree, of: string, alsoKnown: readonly string[]) {
    this.tree = tree;
    this.of = of;
    for (const key of ['type', ...alsoKnown]) this.#read.add(key);
  }

  find(key: string): Tree | undefined {
    this.#read.add(key);
    return entryOf(this.tree, key)?.value;
  }

  need(key: string): Tree {
    return this.find(key) ?? this.fail(`\`${this.of}\` needs \`${key}\``);
  }

  fail(message: string, place: Place = this.tree): never {
    throw new PipelineFault(`${message}.`, place);
  }

  text(key: string): string {
    const tree = this.need(key);
    return tree.kind === 'scalar' && tree.value !== null
      ? String(tree.value)
      : this.fail(`\`${key}\` is not a text`, tree);
  }

  optionalText(key: string): string | undefined {
    return this.find(key) === undefined ? undefined : this.text(key);
  }

  scalar(key: string): Scalar {
    const tree = this.need(key);
    return tree.kind === 'scalar' ? tree.value : this.fail(`\`${key}\` is not a plain value`, tree);
  }

  flag(key: string): boolean {
    const tree = this.find(key);
    if (tree === undefined) return false;
    if (tree.kind === 'scalar' && typeof tree.value === 'boolean') return tree.value;
    return this.fail(`\`${key}\` is neither true nor false`, tree);
  }

  /** One text or a list of them. */
  texts(key: string): readonly string[] {
    return textsIn(this.need(key), key);
  }

  optionalTexts(key: string): readonly string[] | undefined {
    return this.find(key) === undefined ? undefined : this.texts(key);
  }

  oneOf<const T extends string>(key: string, allowed: readonly T[], otherwise?: T): T {
    if (otherwise !== undefined && this.find(key) === undefined) return otherwise;
    const text = this.text(key);
    return (
      allowed.find((one) => one === text) ??
      this.fail(`\`${key}\` is none of ${allowed.join(', ')}`, this.need(key))
    );
  }

  map(key: string): MapTree {
    const tree = this.need(key);
    return tree.kind === 'map' ? tree : this.fail(`\`${key}\` is not a map`, tree);
  }

  /** A map of texts to a text or a list of texts. */
  textsByText(key: string): ReadonlyMap<string, readonly string[]> {
    return new Map(this.map(key).entries.map((entry) => [entry.key, textsIn(entry.value, entry.key)]));
  }

  end(): void {
    const extra = this.tree.entries.find(({ key }) => !this.#read.has(key));
    if (extra !== undefined) this.fail(`\`${this.of}\` has no parameter \`${extra.key}\``, extra.keyPlace);
  }
}

function textsIn(tree: Tree, key: string): readonly string[] {
  const items = tree.kind === 'list' ? tree.items : [tree];
  return items.map((item) => {
    if (item.kind === 'scalar' && item.value !== null) return String(item.value);
    throw new PipelineFault(`\`${key}\` is not a text or a list of texts.`, item);
  });
}

/** Whether an expression matches at the beginning of a text, as Python's `re.match` does; in linear time. */
export function regexAtStart(source: string, place: Place): (text: string) => boolean {
  return guardRegex(place, () => {
    const automaton = new Automaton(compileProgram(parseRegex(`\\A(?:${source})`, noFlags)));
    return (text) => automaton.test(text);
  });
}

/** Makes a refusal of an expression one of the pipeline. */
export function guardRegex<T>(place: Place, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof RegexRefusal)) throw error;
    throw new PipelineFault(`The regular expression is refused: ${error.message}.`, place);
  }
}
