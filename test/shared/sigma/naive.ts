/**
 * Sigma evaluated the slow and obvious way, from the rule as data: no parsing of conditions, no indexes, no sharing
 * of code with the engine. Texts are compared by regular expressions of the runtime.
 */
export type Value = string | number | boolean | readonly string[];
export type NaiveEvent = Readonly<Record<string, Value>>;
export type RuleValue = string | number | boolean | null;
export interface NaiveItem {
  /** ECS name; empty for keywords. */
  readonly field: string;
  readonly modifiers: readonly string[];
  readonly values: readonly RuleValue[];
}
export type NaiveSearch = readonly (readonly NaiveItem[])[];
export type NaiveCondition =
  | { readonly op: 'name'; readonly name: string }
  | { readonly op: 'not'; readonly of: NaiveCondition }
  | { readonly op: 'and' | 'or'; readonly of: readonly NaiveCondition[] }
  | { readonly op: 'of'; readonly least: number | 'all'; readonly prefix: string };
export interface NaiveRule {
  readonly searches: Readonly<Record<string, NaiveSearch>>;
  readonly condition: NaiveCondition;
}

export function naiveMatch(rule: NaiveRule, event: NaiveEvent): boolean {
  return condition(rule.condition, rule, event);
}

function condition(c: NaiveCondition, rule: NaiveRule, event: NaiveEvent): boolean {
  switch (c.op) {
    case 'name':
      return search(rule.searches[c.name]!, event);
    case 'not':
      return !condition(c.of, rule, event);
    case 'and':
      return c.of.every((part) => condition(part, rule, event));
    case 'or':
      return c.of.some((part) => condition(part, rule, event));
    case 'of': {
      const named = Object.keys(rule.searches).filter((name) => name.startsWith(c.prefix));
      const held = named.filter((name) => search(rule.searches[name]!, event)).length;
      return held >= (c.least === 'all' ? named.length : c.least);
    }
  }
}

function search(maps: NaiveSearch, event: NaiveEvent): boolean {
  return maps.some((items) => items.every((one) => item(one, event)));
}

function item({ field, modifiers, values }: NaiveItem, event: NaiveEvent): boolean {
  const found =
    field === ''
      ? Object.values(event).filter((v) => typeof v !== 'number' && typeof v !== 'boolean')
      : [event[field]];
  const texts = found.flatMap((v) => (v === undefined ? [] : typeof v === 'object' ? v : [String(v)]));
  const one = (value: RuleValue) => holds(value, modifiers, texts, field === '');
  if (modifiers.includes('neq')) return texts.length > 0 && !values.some(one);
  return modifiers.includes('all') ? values.every(one) : values.some(one);
}

function holds(
  value: RuleValue,
  modifiers: readonly string[],
  texts: readonly string[],
  keyword: boolean,
): boolean {
  if (value === null) return texts.length === 0;
  if (modifiers.includes('exists')) return texts.length > 0 === (value === true);
  for (const [name, compare] of comparisons) {
    if (modifiers.includes(name))
      return texts.some((text) => text.trim() !== '' && compare(Number(text), Number(value)));
  }
  if (modifiers.includes('re'))
    return texts.some((text) => new RegExp(String(value), modifiers.includes('i') ? 'i' : '').test(text));
  const form = textForm(String(value), modifiers, keyword, typeof value === 'string');
  const folds = !modifiers.includes('cased');
  return texts.some((text) => form.test(folds ? lower(text) : text));
}

const comparisons: readonly (readonly [string, (a: number, b: number) => boolean])[] = [
  ['lte', (a, b) => a <= b],
  ['gte', (a, b) => a >= b],
  ['lt', (a, b) => a < b],
  ['gt', (a, b) => a > b],
];

function lower(text: string): string {
  return text.toLowerCase().replaceAll('ς', 'σ');
}

/** The whole value as a regular expression. */
function textForm(value: string, modifiers: readonly string[], keyword: boolean, wild: boolean): RegExp {
  let body = '';
  const folds = !modifiers.includes('cased');
  const literal = (c: string) => RegExp.escape(folds ? lower(c) : c);
  for (let i = 0; i < value.length; i++) {
    const c = value[i]!;
    if (wild && c === '\\' && /[*?\\]/.test(value[i + 1] ?? '')) body += literal(value[++i]!);
    else if (wild && c === '*') body += '[^]*';
    else if (wild && c === '?') body += '[^]';
    else if (modifiers.includes('windash') && startsWord(value, i)) body += '[-/–—―]';
    else body += literal(c);
  }
  const open = keyword || modifiers.includes('contains') || modifiers.includes('endswith');
  const close = keyword || modifiers.includes('contains') || modifiers.includes('startswith');
  return new RegExp(`^${open ? '[^]*' : ''}${body}${close ? '[^]*' : ''}$`);
}

function startsWord(value: string, i: number): boolean {
  return /[-/–—―]/.test(value[i]!) && !/\w/.test(value[i - 1] ?? ' ') && /\w/.test(value[i + 1] ?? ' ');
}
