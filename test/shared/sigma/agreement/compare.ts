/** Both engines on the same rules and events. */
import { columnarOf } from '../../../../collector/rules/columnar.ts';
import { eventSpecs } from '../../../../shared/events/registry.gen.ts';
import { type CompiledRule, Matcher, openSchema } from '../../../../shared/sigma/index.ts';
import { columnsOf } from '../../../../shared/sigma/json/columns.ts';
import { JsonDocuments } from '../../../../shared/sigma/json/documents.ts';
import type { FlatEvent } from '../../../../shared/sigma/json/flatten.ts';
import { type Detection, type NaiveEvent, naiveTester } from '../naive/engine.ts';
import { compileText, type Fields, rowOf, ruleText, specs } from '../rules.ts';
import { lists } from './items.ts';

export interface Tally {
  pairs: number;
  matched: number;
}

/** Runs every rule on every event both ways; throws at the first disagreement. Adds to the tally. */
export type Compare = (rules: readonly Detection[], events: readonly NaiveEvent[], tally: Tally) => void;

/** Process starts as the collector has them. */
export const compareDeclared: Compare = (rules, events, tally) => {
  const columns = columnarOf(
    eventSpecs['process.start'],
    events.map((event) => rowOf(event as Fields)),
  );
  const found = new Set<string>();
  matcherOf(rules).match(columns, 'linux', (rule, row) => found.add(`${rule.rule.id} ${row}`));
  check(rules, events, found, tally);
};

/** Events of any form, by way of JSON text; there every value is text. */
export const compareOpen: Compare = (rules, events, tally) => {
  const columns = columnsOf(readJson(events));
  const found = new Set<string>();
  matcherOf(rules).matchAs(columns, openSchema(), (rule, row) => found.add(`${rule.rule.id} ${row}`));
  check(rules, events.map(asText), found, tally);
};

function matcherOf(rules: readonly Detection[]): Matcher {
  const text = rules.map((rule, i) => ruleText(rule, undefined, `id-${i}`)).join('\n---\n');
  const { ruleSet, all } = compileText(text, new Map(Object.entries(lists)));
  const refused = all.find((p) => p.severity === 'error');
  if (refused !== undefined) {
    const rule = JSON.stringify(rules[refused.line === 1 ? 0 : (refused.line - 1) / 2]);
    throw new Error(`${refused.code}: ${refused.message}: ${rule}`);
  }
  return new Matcher(ruleSet.rules, specs, (_: CompiledRule, error) => {
    throw error;
  });
}

export function readJson(events: readonly NaiveEvent[]): readonly FlatEvent[] {
  const read: FlatEvent[] = [];
  const documents = new JsonDocuments({
    onEvent: ({ fields }) => read.push(fields),
    onBad: ({ message }) => {
      throw new Error(message);
    },
  });
  documents.push(Buffer.from(events.map((event) => JSON.stringify(event)).join('\n')));
  documents.end();
  return read;
}

function asText(event: NaiveEvent): NaiveEvent {
  const one = (value: unknown) => (value === null ? null : String(value));
  return Object.fromEntries(
    Object.entries(event).map(([name, value]) => [name, Array.isArray(value) ? value.map(one) : one(value)]),
  );
}

function check(
  rules: readonly Detection[],
  events: readonly NaiveEvent[],
  found: ReadonlySet<string>,
  tally: Tally,
): void {
  rules.forEach((rule, i) => {
    const holds = naiveTester(rule, lists);
    events.forEach((event, row) => {
      const expected = holds(event);
      tally.pairs++;
      if (expected) tally.matched++;
      if (expected === found.has(`id-${i} ${row}`)) return;
      throw new Error(`naive says ${expected}: ${JSON.stringify(rule)} on ${JSON.stringify(event)}`);
    });
  });
}
