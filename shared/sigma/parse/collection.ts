import { createHash } from 'node:crypto';
import type { ProblemSink } from '../problem.ts';
import { entryOf, type MapEntry, type MapTree, type Tree, textOf } from './tree.ts';
import type { YamlDocument } from './yaml.ts';

/** Values over all documents of a file that merging may come to. */
export const mergedNodesBound = 1_000_000;

/**
 * Resolves rule collections: `action: global` is merged over every document after it, `reset` ends that, `repeat` is
 * merged over the document before it. Maps merge key by key, anything else is replaced; every part keeps the place it
 * was written at. An id that would be given to several rules stays with the first, and so does a document's own.
 * Source: pySigma, `SigmaCollection.from_dicts`. Actions were dropped from the Sigma 2 specification, but files that
 * use them are about.
 */
export function resolveActions(
  documents: readonly YamlDocument[],
  problems: ProblemSink,
): readonly YamlDocument[] {
  if (!documents.some(({ tree }) => entryOf(tree, 'action') !== undefined)) return documents;
  const collection = new Collection(problems);
  return documents.flatMap((document) => collection.take(document) ?? []);
}

class Collection {
  readonly #problems: ProblemSink;
  readonly #ids = new Set<string>();
  #global: YamlDocument | undefined;
  #last: YamlDocument | undefined;
  #left = mergedNodesBound;

  constructor(problems: ProblemSink) {
    this.#problems = problems;
  }

  /** The rule a document comes to; undefined for those that only shape others, and for refused ones. */
  take(document: YamlDocument): YamlDocument | undefined {
    const action = textOf(document.tree, 'action');
    const plain = { ...document, tree: without(document.tree, 'action') };
    switch (action) {
      case undefined:
        return this.#emit(this.#global === undefined ? plain : merge(plain, this.#global, plain.tree), plain);
      case 'global':
        this.#global = this.#last = plain;
        return undefined;
      case 'reset':
        this.#global = undefined;
        return undefined;
      case 'repeat':
        if (this.#last !== undefined) return this.#emit(merge(this.#last, plain, plain.tree), plain);
        return this.#problems.refuse(
          'rule.invalid',
          document.tree,
          '`action: repeat` has nothing before it.',
        );
      default:
        return this.#problems.refuse(
          'rule.invalid',
          entryOf(document.tree, 'action')!.value,
          `\`${action}\` is not an action (global, reset, repeat).`,
        );
    }
  }

  #emit(merged: YamlDocument, own: YamlDocument): YamlDocument | undefined {
    this.#left -= sizeOf(merged.tree);
    if (this.#left < 0)
      return this.#problems.refuse(
        'rule.too_large',
        own.tree,
        `Merging comes to more than ${mergedNodesBound} values.`,
      );
    this.#last = merged;
    const ownId = entryOf(own.tree, 'id');
    const id = textOf(merged.tree, 'id');
    const kept = ownId !== undefined ? withEntry(merged.tree, ownId) : merged.tree;
    if (ownId === undefined && id !== undefined && this.#ids.has(id))
      return { ...merged, tree: without(kept, 'id') };
    if (id !== undefined) this.#ids.add(textOf(kept, 'id') ?? id);
    return { ...merged, tree: kept };
  }
}

/** `over` put over `base`; the place is that of `at`. The text is what ids are derived from. */
function merge(base: YamlDocument, over: YamlDocument, at: MapTree): YamlDocument {
  const { line, column } = at;
  const text = createHash('sha256').update(base.text).update('\0').update(over.text).digest('hex');
  return { tree: { ...mergeMaps(base.tree, over.tree), line, column }, text };
}

function mergeMaps(base: MapTree, over: MapTree): MapTree {
  const upper = new Map(over.entries.map((entry) => [entry.key, entry]));
  const merged = base.entries.map((entry) => mergeEntries(entry, upper.get(entry.key)));
  const known = new Set(base.entries.map(({ key }) => key));
  return { ...over, entries: [...merged, ...over.entries.filter(({ key }) => !known.has(key))] };
}

function mergeEntries(base: MapEntry, over: MapEntry | undefined): MapEntry {
  if (over === undefined) return base;
  if (base.value.kind !== 'map' || over.value.kind !== 'map') return over;
  return { ...over, value: mergeMaps(base.value, over.value) };
}

function without(tree: MapTree, key: string): MapTree {
  return { ...tree, entries: tree.entries.filter((entry) => entry.key !== key) };
}

function withEntry(tree: MapTree, entry: MapEntry): MapTree {
  return { ...tree, entries: [...tree.entries.filter(({ key }) => key !== entry.key), entry] };
}

function sizeOf(tree: Tree): number {
  if (tree.kind === 'scalar') return 1;
  const parts = tree.kind === 'list' ? tree.items : tree.entries.map(({ value }) => value);
  return parts.reduce((sum, part) => sum + sizeOf(part), 1);
}
