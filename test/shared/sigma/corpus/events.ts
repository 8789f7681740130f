/** Events made from a rule's own values: one that hits, and near misses. */
import { conditionTester } from '../naive/condition.ts';
import type { Detection, NaiveEvent } from '../naive/event.ts';
import type { Lists } from '../naive/modifiers.ts';
import { Random } from './random.ts';
import type { PublicRule } from './rules.ts';
import { type Need, needOf, valueFor } from './values.ts';

/** Tries before a rule is given up. */
const attempts = 200;

/** The field that keywords are put into. */
const keywordField = 'Message';

/** An event the rule holds for, by the naive engine's word; a reason when none was found. */
export function hitOf(rule: PublicRule, lists: Lists): NaiveEvent | string {
  let reason = 'no event tried holds';
  for (let attempt = 0; attempt < attempts; attempt++) {
    const random = new Random(attempt);
    try {
      const event = eventFor(rule.detection, lists, random, attempt % 3 === 2);
      if (event === undefined) continue;
      if (rule.holds(event)) return event;
      const full = { ...otherFields(rule.detection, random), ...event };
      if (rule.holds(full)) return full;
    } catch (error) {
      reason = (error as Error).message;
    }
  }
  return reason;
}

/** Something in every field a rule names: filters may ask that one be there. */
function otherFields(detection: Detection, random: Random): NaiveEvent {
  const other = random.pick(['other', 'C:\\Other\\zz.exe', '/opt/zz', '-x --yy', '7']);
  const { condition: _, ...searches } = detection;
  const maps = Object.values(searches)
    .flat()
    .filter((one) => typeof one === 'object' && one !== null);
  const keys = maps.flatMap((map) => Object.keys(map as object));
  const fields = keys.map((key) => key.split('|')[0]!.replaceAll(' ', '')).filter((field) => field !== '');
  return Object.fromEntries(fields.map((field) => [field, other]));
}

function eventFor(
  detection: Detection,
  lists: Lists,
  random: Random,
  asLists: boolean,
): NaiveEvent | undefined {
  const chosen = chooseSearches(detection, random);
  if (chosen === undefined) return undefined;
  const needs = new Map<string, Need[]>();
  const add = (field: string, need: Need) => {
    const name = field === '' ? keywordField : field.replaceAll(' ', '');
    const known = needs.get(name);
    if (known === undefined) needs.set(name, [need]);
    else known.push(need);
  };
  for (const name of chosen) needsOf(detection[name], lists, random, add);
  return assemble(needs, asLists);
}

function assemble(needs: ReadonlyMap<string, readonly Need[]>, asLists: boolean): NaiveEvent {
  const event: Record<string, string | readonly string[]> = {};
  for (const [field, all] of needs) {
    const asked = all.filter((need) => need.is !== 'field' && need.is !== 'absent');
    if (asked.length > 0) event[field] = valueFor(asked, asLists);
  }
  for (const [field, all] of needs) {
    for (const need of all) {
      if (need.is !== 'field') continue;
      event[field] ??= event[need.name] ?? 'the same';
      event[need.name] ??= event[field];
    }
  }
  return event;
}

/** A least set of selections that the condition holds with: those that are no filters first, then less and less. */
function chooseSearches(detection: Detection, random: Random): readonly string[] | undefined {
  const names = Object.keys(detection).filter((name) => name !== 'condition');
  const searches = new Map(names.map((name) => [name, (on: ReadonlySet<string>) => on.has(name)]));
  const { condition } = detection;
  const tests = (Array.isArray(condition) ? condition : [condition]).map((c) =>
    conditionTester(String(c), searches),
  );
  const holds = random.pick(tests);
  const isFilter = (name: string) => /^_?(?:filter|false|exclu|not)/i.test(name);
  const starts = [names.filter((name) => !isFilter(name)), names, names.filter(() => random.below(2) === 0)];
  const start = starts.find((some) => holds(new Set(some)));
  if (start === undefined) return undefined;
  const on = new Set(start);
  for (const name of start.toSorted(() => random.below(3) - 1)) {
    on.delete(name);
    if (!holds(on)) on.add(name);
  }
  return [...on];
}

type Add = (field: string, need: Need) => void;

function needsOf(search: unknown, lists: Lists, random: Random, add: Add): void {
  if (Array.isArray(search)) needsOf(random.pick(search), lists, random, add);
  else if (typeof search !== 'object' || search === null)
    add('', { ...needOf(search, ['contains'], lists, random) });
  else {
    for (const [key, value] of Object.entries(search)) {
      const [field = '', ...modifiers] = key.split('|');
      const own = field === '' && !modifiers.includes('re') ? [...modifiers, 'contains'] : modifiers;
      const values: readonly unknown[] = Array.isArray(value) ? value : [value];
      const some = modifiers.includes('all') ? values : [random.pick(values)];
      for (const one of some) add(field, needOf(one, own, lists, random));
    }
  }
}

/** The hit with one value changed: each field taken out, cut short at either end, in other case, and of another kind. */
export function nearMisses(hit: NaiveEvent): readonly NaiveEvent[] {
  return Object.entries(hit).flatMap(([field, value]) => {
    const { [field]: _, ...rest } = hit;
    if (typeof value !== 'string') return [rest];
    const changed = [value.slice(1), value.slice(0, -1), swapCase(value), `${value}x`, ''];
    return [rest, ...changed.map((text) => ({ ...hit, [field]: text })), { ...hit, [field]: ['-', value] }];
  });
}

function swapCase(text: string): string {
  return [...text].map((c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase())).join('');
}
