/** Rules and events for tests. */
import { columnarOf } from '../../../collector/rules/columnar.ts';
import { eventSpecs } from '../../../shared/events/registry.gen.ts';
import type { EventRow } from '../../../shared/schema/columns.ts';
import {
  type CompiledSet,
  compileRules,
  type MatchedTest,
  Matcher,
  parseRules,
  type RuleProblem,
} from '../../../shared/sigma/index.ts';

export const specs = Object.values(eventSpecs);
export type Fields = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** Compiles the documents of a text; problems of both stages together. */
export function compileText(
  text: string,
  lists: ReadonlyMap<string, readonly string[]> = new Map(),
): CompiledSet & { readonly all: readonly RuleProblem[] } {
  const parsed = parseRules(text, 'test.yml');
  const compiled = compileRules(parsed.documents, { lists, specs });
  return { ...compiled, all: [...parsed.problems, ...compiled.problems] };
}

/** A rule over process starts with this detection section, given as data. JSON is YAML. */
export function ruleText(
  detection: unknown,
  logsource: unknown = { category: 'process_creation' },
  id = '00000000-0000-4000-8000-000000000001',
): string {
  return JSON.stringify({ title: 'Test', id, logsource, detection });
}

export function rowOf(fields: Fields): EventRow {
  return { type: 'process.start', time: 1, ...fields } as EventRow;
}

/** Whether the rule matches each of the events. Throws when the rule is refused. */
export function matches(
  detection: unknown,
  events: readonly Fields[],
  lists?: ReadonlyMap<string, readonly string[]>,
): readonly boolean[] {
  return events.map((event) => explanationOf(detection, event, lists) !== undefined);
}

/** Why the rule matches the event; undefined when it does not. */
export function explanationOf(
  detection: unknown,
  event: Fields,
  lists?: ReadonlyMap<string, readonly string[]>,
): readonly MatchedTest[] | undefined {
  const { ruleSet, all } = compileText(ruleText(detection), lists);
  const refused = all.find((p) => p.severity === 'error');
  if (refused !== undefined) throw new Error(`${refused.code}: ${refused.message}`);
  const matcher = new Matcher(ruleSet.rules, specs, (_, error) => {
    throw error;
  });
  let found: readonly MatchedTest[] | undefined;
  matcher.match(columnarOf(eventSpecs['process.start'], [rowOf(event)]), 'linux', (_rule, _row, explain) => {
    found = explain();
  });
  return found;
}

/** Shorthand: one item against one value of CommandLine. */
export function holds(
  key: string,
  value: unknown,
  commandLine: string | undefined,
  lists?: ReadonlyMap<string, readonly string[]>,
): boolean {
  const detection = { sel: { [key]: value }, condition: 'sel' };
  const event: Fields = commandLine === undefined ? {} : { 'process.command_line': commandLine };
  return matches(detection, [event], lists)[0]!;
}

/** The first problem of a rule with this detection. */
export function problemWith(detection: unknown): RuleProblem | undefined {
  return compileText(ruleText(detection)).all[0];
}
