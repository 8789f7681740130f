import { VedetteError } from '#shared/errors.ts';
import { eventSpecs } from '#shared/events/registry.gen.ts';
import { type ConditionForm, conditionForm, type Wakes, wakesOf } from '#shared/sigma/explain/form.ts';
import { correlationWords, type RuleWords, ruleWords } from '#shared/sigma/explain/words.ts';
import {
  type CompiledRule,
  declaredSchema,
  logsourceFits,
  openSchema,
  type RuleHeader,
  type RuleSet,
} from '#shared/sigma/index.ts';

import { type Feed, feedOf } from './coverage/feed.ts';

/** What wakes a rule on one kind of events. */
export interface WakeExplanation {
  /** An event type, or `any` for events that are not declared. */
  readonly events: string;
  readonly wakes: Wakes;
}

export interface RuleExplanation {
  readonly id: string;
  readonly title: string;
  readonly level: string;
  readonly file: string;
  readonly words: RuleWords;
  readonly form: ConditionForm;
  readonly wakes: readonly WakeExplanation[];
  /** Whether events of our sensors can make it match. */
  readonly feed: Feed;
}

export interface CorrelationExplanation {
  readonly id: string;
  readonly title: string;
  readonly level: string;
  readonly file: string;
  readonly words: string;
}

export type Explanation = RuleExplanation | CorrelationExplanation;

/**
 * Explains the rules and correlations of a set that `isMeant` picks. Throws VedetteError `rule.not_found` when it
 * picks none.
 */
export function explainRules(
  { rules, correlations }: RuleSet,
  name: string,
  isMeant: (rule: RuleHeader) => boolean = (rule) => isCalled(rule, name),
): readonly Explanation[] {
  const found = [
    ...rules.filter(({ rule }) => isMeant(rule)).map(explainRule),
    ...correlations
      .filter(({ rule }) => isMeant(rule))
      .map(({ rule }) => ({ ...headOf(rule), words: correlationWords(rule) })),
  ];
  if (found.length === 0) throw new VedetteError('rule.not_found', `No accepted rule is \`${name}\`.`);
  return found;
}

/** By id, name or title; case does not matter. */
function isCalled({ id, name, title }: RuleHeader, wanted: string): boolean {
  const low = wanted.toLowerCase();
  return [id, name, title].some((one) => one?.toLowerCase() === low);
}

function headOf({ id, title, level, file }: RuleHeader) {
  return { id, title, level, file };
}

function explainRule(compiled: CompiledRule): RuleExplanation {
  const { rule, condition } = compiled;
  const product = rule.logsource.product ?? 'linux';
  const specs = Object.values(eventSpecs).filter((spec) => logsourceFits(rule.logsource, spec, product));
  const declared = specs.map((spec) => ({
    events: `${spec.name} on ${product}`,
    wakes: wakesOf(compiled, declaredSchema(spec, product)),
  }));
  const open = { events: 'any', wakes: wakesOf(compiled, openSchema()) };
  return {
    ...headOf(rule),
    words: ruleWords(rule),
    form: conditionForm(condition),
    wakes: declared.length > 0 ? declared : [open],
    feed: feedOf(compiled),
  };
}
