import type { Condition, CorrelationRule, DetectionRule, Search } from '../document.ts';
import { itemWords, listed } from './item-words.ts';

/** A rule in plain English. */
export interface RuleWords {
  /** The condition over the names of the selections. */
  readonly condition: string;
  /** What each selection asks, by name. */
  readonly selections: Readonly<Record<string, string>>;
  /** All in one, selections written out. */
  readonly sentence: string;
}

/** Puts a rule into words. What would be long is cut, and says so. */
export function ruleWords(rule: DetectionRule): RuleWords {
  const words = new Map([...rule.searches].map(([name, search]) => [name, searchWords(search)]));
  return {
    condition: `It matches when ${conditionWords(rule.condition, (name) => `\`${name}\` holds`)}.`,
    selections: Object.fromEntries(words),
    sentence: `${conditionWords(rule.condition, (name) => words.get(name) ?? name)}.`,
  };
}

function searchWords(search: Search): string {
  if (search.kind === 'item') return itemWords(search.item);
  const parts = search.of.map((part) => ({ words: searchWords(part), isPlain: part.kind === 'item' }));
  if (search.kind === 'all') return parts.map(enclosed).join(', and ');
  return parts.length === 1 ? parts[0]!.words : `either ${parts.map(enclosed).join(', or ')}`;
}

function enclosed({ words, isPlain }: { readonly words: string; readonly isPlain: boolean }): string {
  return isPlain ? words : `(${words})`;
}

/** `not` within `and` is said as `unless`; the unlesses come last. */
function conditionWords(condition: Condition, nameWords: (name: string) => string): string {
  const say = (part: Condition): string => {
    const words = conditionWords(part, nameWords);
    return part.op === 'selection' && !/, | or /.test(words) ? words : `(${words})`;
  };
  switch (condition.op) {
    case 'selection':
      return nameWords(condition.name);
    case 'not':
      return `it is not so that ${say(condition.of)}`;
    case 'or':
      return condition.of.length === 1 ? say(condition.of[0]!) : listed(condition.of.map(say), 'or');
    case 'at-least':
      return `at least ${condition.least} of these hold: ${listed(condition.of.map(say), 'and')}`;
    case 'and': {
      const wanted = condition.of.filter((part) => part.op !== 'not').map(say);
      const unless = condition.of.flatMap((part) => (part.op === 'not' ? [say(part.of)] : []));
      if (wanted.length === 0) return `none of these hold: ${listed(unless, 'and')}`;
      return `${wanted.join(', and ')}${unless.length === 0 ? '' : `, unless ${listed(unless, 'or')}`}`;
    }
  }
}

/** A correlation in words. */
export function correlationWords(rule: CorrelationRule): string {
  const rules = listed(
    rule.refers.map(({ to }) => `\`${to}\``),
    'and',
  );
  const by = rule.groupBy.length === 0 ? '' : ` with the same ${listed(rule.groupBy, 'and')}`;
  return `${rule.type.replaceAll('_', ' ')} of matches of ${rules}${by}, within ${rule.timespanUs / 1e6} seconds.`;
}
