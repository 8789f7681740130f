import type { Logsource } from '../../schema/spec.ts';
import type { DetectionRule, FilterRule, Item, Scalar, Search, SigmaDocument } from '../document.ts';

import { isEmpty, pruneCondition } from './prune.ts';
import { PipelineRefusal, pipelineBounds } from './refusal.ts';

export type RuleTest = (work: RuleWork) => boolean;
export type ItemTest = (item: Item, work: RuleWork) => boolean;
/** Null is the field of keywords. */
export type FieldTest = (field: string | null, work: RuleWork) => boolean;

/** One transformation with its conditions. */
export interface Step {
  /** What `processing_item_applied` asks for. */
  readonly id: string | null;
  /** Pipeline and line, for messages. */
  readonly origin: string;
  readonly ruleTest: RuleTest;
  readonly itemTest: ItemTest;
  readonly fieldTest: FieldTest;
  readonly transform: Transform;
  /** Only runs other steps. */
  readonly nests: boolean;
}

/** Changes the document under work. Throws PipelineRefusal when the rule cannot be taken. */
export type Transform = (work: RuleWork, step: Step) => void;

export type Detecting = DetectionRule | FilterRule;

/** What an item becomes; undefined leaves it, null drops it. */
export type Rewrite = (item: Item) => Search | null | undefined;

/**
 * One document on its way through the pipelines, with what they remember of it: which steps were applied to the rule,
 * its items and its fields, and the state. Documents and items are never changed, only replaced.
 */
export class RuleWork {
  #document: SigmaDocument;
  /** Logsources of the rules a correlation refers to, directly or not. */
  readonly referred: readonly Logsource[];
  readonly state = new Map<string, Scalar>();
  readonly attributes: Map<string, Scalar>;
  /** Of the pipeline at work. */
  vars: ReadonlyMap<string, readonly Scalar[]> = new Map();
  /** Whether any step was applied. */
  touched = false;
  readonly #applied = new Set<string>();
  readonly #itemSteps = new WeakMap<Item, ReadonlySet<string>>();
  readonly #fieldSteps = new Map<string, Set<string>>();
  /** Field names that mappings gave. */
  readonly #mapped = new Set<string>();
  #produced = 0;

  constructor(document: SigmaDocument, referred: readonly Logsource[]) {
    this.#document = document;
    this.referred = referred;
    this.attributes = new Map(document.attributes);
  }

  get document(): SigmaDocument {
    return this.#document;
  }

  /** The document where it has a detection of its own. */
  get detecting(): Detecting | undefined {
    return this.#document.kind === 'correlation' ? undefined : this.#document;
  }

  set(document: SigmaDocument): void {
    this.#document = document;
  }

  /** Runs a step when its conditions on the rule hold. */
  run(step: Step): void {
    if (!step.ruleTest(this)) return;
    if (!step.nests) this.touched = true;
    step.transform(this, step);
    if (step.id !== null) this.#applied.add(step.id);
  }

  wasApplied(id: string): boolean {
    return this.#applied.has(id);
  }

  wasAppliedTo(item: Item, id: string): boolean {
    return this.#itemSteps.get(item)?.has(id) ?? false;
  }

  wasAppliedToField(field: string | null, id: string): boolean {
    return field !== null && (this.#fieldSteps.get(field)?.has(id) ?? false);
  }

  noteFields(names: readonly string[], { id }: Step): void {
    for (const name of names) {
      if (name.length > pipelineBounds.fieldLength)
        throw new PipelineRefusal(
          `a field name would be longer than ${pipelineBounds.fieldLength} characters`,
        );
      this.#mapped.add(name);
      if (id === null) continue;
      const steps = this.#fieldSteps.get(name) ?? new Set();
      this.#fieldSteps.set(name, steps.add(id));
    }
  }

  wasMapped(field: string): boolean {
    return this.#mapped.has(field);
  }

  items(): readonly Item[] {
    return [...(this.detecting?.searches.values() ?? [])].flatMap(itemsIn);
  }

  /** Rewrites the items for which the step's conditions hold. Selections left empty leave the condition. */
  rewriteItems(step: Step, rewrite: Rewrite): void {
    const rule = this.detecting;
    if (rule === undefined) return;
    let changed = false;
    const one = (item: Item): Search | null | undefined => {
      const next = this.#applies(item, step) ? rewrite(item) : undefined;
      if (next === undefined) return undefined;
      changed = true;
      if (next !== null) this.#note(next, item, step);
      return next;
    };
    const searches = new Map([...rule.searches].map(([name, search]) => [name, rewriteSearch(search, one)]));
    if (!changed) return;
    const kept = new Map([...searches].flatMap(([name, s]) => (isEmpty(s) ? [] : [[name, s] as const])));
    const condition = pruneCondition(rule.condition, (name) => kept.has(name));
    if (condition === undefined) throw new PipelineRefusal('nothing is left of its detection');
    this.#document = { ...rule, searches: kept, condition };
  }

  #applies(item: Item, step: Step): boolean {
    if (!step.itemTest(item, this)) return false;
    return fieldsOfItem(item).some((field) => step.fieldTest(field, this));
  }

  /** New items inherit what was applied to the old one. */
  #note(search: Search, from: Item, { id }: Step): void {
    const before = this.#itemSteps.get(from) ?? new Set<string>();
    const steps = id === null ? before : new Set([...before, id]);
    for (const item of itemsIn(search)) {
      this.#itemSteps.set(item, steps);
      this.#produced += item.values.length;
    }
    if (this.#produced > pipelineBounds.producedValues)
      throw new PipelineRefusal(`the pipelines make more than ${pipelineBounds.producedValues} values of it`);
  }

  /** Marks the items of a selection that a step added. */
  noteAdded(search: Search, { id }: Step): void {
    if (id !== null) for (const item of itemsIn(search)) this.#itemSteps.set(item, new Set([id]));
  }
}

/** The field of an item, and those its values refer to. */
export function fieldsOfItem(item: Item): readonly (string | null)[] {
  if (!item.modifiers.includes('fieldref')) return [item.field];
  return [item.field, ...item.values.map(({ value }) => String(value))];
}

function itemsIn(search: Search): readonly Item[] {
  return search.kind === 'item' ? [search.item] : search.of.flatMap(itemsIn);
}

const nothing: Search = { kind: 'any', of: [] };

function rewriteSearch(search: Search, rewrite: Rewrite): Search {
  if (search.kind === 'item') {
    const next = rewrite(search.item);
    return next === undefined ? search : (next ?? nothing);
  }
  const of = search.of.map((part) => rewriteSearch(part, rewrite));
  if (of.every((part, at) => part === search.of[at])) return search;
  return { kind: search.kind, of: of.filter((part) => !isEmpty(part)) };
}
