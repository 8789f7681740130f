import { stringify } from 'yaml';
import { eventSpecs } from '#shared/events/registry.gen.ts';
import { type EventSpec, fieldsOf } from '#shared/schema/spec.ts';
import {
  type CompiledRule,
  type Condition,
  fieldKey,
  fieldMapOf,
  type Item,
  logsourceFits,
  Matcher,
  type Search,
} from '#shared/sigma/index.ts';
import { columnsOfEvent } from './case-events.ts';
import type { CaseEvent, FieldValue, RuleCase } from './case-file.ts';

/** A file of tests to start from. */
export interface Suggestion {
  /** The cases that were tried and came out as they should. */
  readonly cases: readonly RuleCase[];
  /** The file's text; without cases only comments. */
  readonly text: string;
  /** What could not be made, and why. */
  readonly missing: readonly string[];
}

/** What the text of a field must be like. */
interface Wanted {
  exact: string | undefined;
  start: string;
  end: string;
  readonly parts: string[];
}

const specs: Readonly<Record<string, EventSpec>> = eventSpecs;

/**
 * An event that the rule matches, made of what it says, and near-misses: the same event with one field made another.
 * Each is tried; what does not come out as it should is left out.
 */
export function suggestCases(compiled: CompiledRule): Suggestion {
  const { rule } = compiled;
  const product = rule.logsource.product ?? 'linux';
  const spec = Object.values(specs).find((one) => logsourceFits(rule.logsource, one, product));
  if (spec === undefined) return none(`No sensor makes the events that ${rule.title} is about.`);
  const wanted = new Map<string, Wanted>();
  const missing: string[] = [];
  want(rule.condition, rule.searches, { spec, wanted, missing });
  const event = eventOf(spec, wanted);
  if (!matches(compiled, event, product))
    return none([`An event was made, but ${rule.title} does not match it.`, ...missing].join(' '));
  const head = product === 'linux' ? {} : { product };
  const hit: RuleCase = { name: 'what it looks for', expect: 'hit', ...head, events: [event] };
  const misses = [...wanted.keys()].flatMap((field): RuleCase[] => {
    const other = { ...event, fields: { ...event.fields, [field]: otherValue(spec, field) } };
    if (matches(compiled, other, product)) return [];
    return [{ name: `another ${field}`, expect: 'miss', ...head, events: [other] }];
  });
  if (misses.length === 0) missing.push('No near-miss was found by changing one field.');
  const cases = [hit, ...misses];
  return { cases, missing, text: textOf(cases, missing) };
}

function none(why: string): Suggestion {
  return { cases: [], missing: [why], text: `# ${why}\n` };
}

interface Making {
  readonly spec: EventSpec;
  readonly wanted: Map<string, Wanted>;
  readonly missing: string[];
}

/** Adds what makes the condition hold: of alternatives the first ones. What must not be is left out. */
function want(condition: Condition, searches: ReadonlyMap<string, Search>, making: Making): void {
  switch (condition.op) {
    case 'selection': {
      const search = searches.get(condition.name);
      if (search !== undefined) wantSearch(search, making);
      return;
    }
    case 'not':
      return;
    case 'and':
      for (const part of condition.of) want(part, searches, making);
      return;
    case 'or':
      for (const part of condition.of.slice(0, 1)) want(part, searches, making);
      return;
    case 'at-least':
      for (const part of condition.of.slice(0, condition.least)) want(part, searches, making);
  }
}

function wantSearch(search: Search, making: Making): void {
  if (search.kind === 'item') wantItem(search.item, making);
  else for (const part of search.kind === 'all' ? search.of : search.of.slice(0, 1)) wantSearch(part, making);
}

function wantItem({ field, modifiers, values }: Item, { spec, wanted, missing }: Making): void {
  const name = field === null ? firstText(spec) : fieldMapOf(spec).get(fieldKey(field));
  if (name === undefined) {
    missing.push(`${spec.name} has no field ${field}.`);
    return;
  }
  const said = modifiers.includes('all') ? values : values.slice(0, 1);
  const before = wanted.get(name) ?? { exact: undefined, start: '', end: '', parts: [] };
  wanted.set(name, before);
  const isPart = field === null || modifiers.includes('contains');
  for (const { value } of said) {
    const text = value === null ? '' : String(value);
    if (modifiers.includes('endswith')) before.end = plain(text);
    else if (modifiers.includes('startswith')) before.start = plain(text);
    else if (isPart) before.parts.push(plain(text));
    else if (modifiers.includes('re')) before.parts.push(literalOf(text));
    else if (modifiers.includes('cidr')) before.exact = text.replace(/\/\d+$/, '').replace(/::$/, '::1');
    else if (modifiers.includes('gt') || modifiers.includes('gte')) before.exact = String(Number(text) + 1);
    else if (modifiers.includes('lt') || modifiers.includes('lte')) before.exact = String(Number(text) - 1);
    else if (modifiers.includes('exists')) before.parts.push(text === 'false' ? '' : 'x');
    else before.exact = plain(text);
  }
}

/** The text without its wildcards. */
function plain(pattern: string): string {
  return pattern.replace(/\\([*?\\])|[*?]/g, (_, escaped: string | undefined) => escaped ?? 'x');
}

/** The longest run of plain characters of an expression: often enough, and it is tried. */
function literalOf(expression: string): string {
  const runs = expression.split(/\\[dDwWsSbB]|[\\^$.*+?()[\]{}|]+/);
  return runs.reduce((longest, run) => (run.length > longest.length ? run : longest), '');
}

function firstText(spec: EventSpec): string | undefined {
  const fields = Object.entries(fieldsOf(spec));
  return fields.find(([name, { type }]) => type === 'text' || name === 'process.command_line')?.[0];
}

function eventOf(spec: EventSpec, wanted: ReadonlyMap<string, Wanted>): CaseEvent {
  const fields = [...wanted].map(([name, { exact, start, parts, end }]) => {
    const text = exact ?? `${start}${parts.join(' ')}${end}`;
    return [name, typed(spec, name, text)] as const;
  });
  return { type: spec.name, at: 0, host: 'case', fields: Object.fromEntries(fields) };
}

function typed(spec: EventSpec, name: string, text: string): FieldValue {
  switch (fieldsOf(spec)[name]?.type) {
    case 'int':
    case 'float':
    case 'time':
      return Number.isFinite(Number(text)) ? Number(text) : 1;
    case 'bool':
      return text.toLowerCase() === 'true';
    case 'keywords':
      return [text];
    default:
      return text;
  }
}

function otherValue(spec: EventSpec, name: string): FieldValue {
  const type = fieldsOf(spec)[name]?.type;
  if (type === 'ip') return '192.0.2.77';
  if (type === 'int' || type === 'float' || type === 'time') return 77_777;
  return type === 'bool' ? false : typed(spec, name, 'something-else');
}

function matches(compiled: CompiledRule, event: CaseEvent, product: string): boolean {
  let found = false;
  const matcher = new Matcher([compiled], Object.values(eventSpecs), () => undefined);
  matcher.match(columnsOfEvent(event), product, () => {
    found = true;
  });
  return found;
}

function textOf(cases: readonly RuleCase[], missing: readonly string[]): string {
  const plainCases = cases.map(({ events, ...rest }) => ({
    ...rest,
    events: events.map(({ type, fields }) => ({ type, ...fields })),
  }));
  const comments = ['Made from what the rule says; replace it with what was really seen.', ...missing];
  return `${comments.map((line) => `# ${line}\n`).join('')}${stringify({ cases: plainCases })}`;
}
