import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { eventSpecs } from '#shared/events/registry.gen.ts';
import type { EventRow } from '#shared/schema/columns.ts';
import { type EventSpec, fieldsOf } from '#shared/schema/spec.ts';
import { createDetector } from '../detect/detector.ts';
import { columnarOf } from './columnar.ts';
import { loadRules } from './load.ts';

/**
 * What `<rule>.test.yml` beside `<rule>.yml` holds: cases, each with events by ECS names that must (`hit`) or must
 * not (`miss`) raise an alert of the rules in that file. `at` is seconds from the start of the case; the host is a
 * Linux one.
 */
interface RuleCase {
  readonly name: string;
  readonly expect: 'hit' | 'miss';
  /** Exact number of alerts, where it matters. */
  readonly alerts?: number;
  readonly events: readonly Readonly<Record<string, unknown>>[];
}

export interface CaseResult {
  readonly file: string;
  readonly name: string;
  readonly expect: 'hit' | 'miss';
  readonly passed: boolean;
  /** Why it did not pass, or the reasons of the alerts. */
  readonly detail: string;
  /** Rules that raised alerts. */
  readonly ruleIds: readonly string[];
}

/** Runs the cases of every `*.test.yml` in a folder against the rule file of the same name. */
export async function runCases(
  folder: string,
  listFolders: readonly string[],
): Promise<readonly CaseResult[]> {
  const results: CaseResult[] = [];
  for (const name of (await readdir(folder)).filter((n) => n.endsWith('.test.yml')).sort()) {
    const rulePath = join(folder, name.replace(/\.test\.yml$/, '.yml'));
    const { ruleSet } = await loadRules([rulePath], listFolders);
    const { cases } = parse(await readFile(join(folder, name), 'utf8')) as { cases: readonly RuleCase[] };
    for (const one of cases) results.push(runCase(name, one, () => createDetector(ruleSet)));
  }
  return results;
}

/** An instant that any window divides; microseconds. */
const startAt = 1_800_000_000_000_000;

function runCase(file: string, one: RuleCase, detector: () => ReturnType<typeof createDetector>): CaseResult {
  const problem = problemOf(one);
  const { name, expect } = one;
  if (problem !== undefined) return { file, name, expect, passed: false, detail: problem, ruleIds: [] };
  const groups = one.events.map((event) => {
    const spec = specOf(event)!;
    const row = { ...event, type: spec.name, time: startAt + Number(event['at'] ?? 0) * 1e6 } as EventRow;
    return columnarOf(spec, [row]);
  });
  const origin = {
    ...{ hostId: 'case-host', hostName: 'case', product: 'linux' },
    eventId: (group: number, row: number) => `${group}.${row}`,
  };
  const alerts = detector().detect(origin, groups, startAt);
  const expected = one.alerts ?? alerts.length;
  const passed = alerts.length === expected && (expect === 'hit') === alerts.length > 0;
  const reasons = alerts.map((a) => a.reason).join(' ');
  const detail = passed
    ? reasons
    : `${alerts.length} alerts where ${one.alerts ?? expect} expected. ${reasons}`;
  return { file, name, expect, passed, detail, ruleIds: alerts.map((a) => a.ruleId) };
}

function specOf(event: Readonly<Record<string, unknown>>): EventSpec | undefined {
  const all: Readonly<Record<string, EventSpec>> = eventSpecs;
  return all[String(event['type'])];
}

/** A case that names what does not exist would pass as a miss for the wrong reason. */
function problemOf(one: RuleCase): string | undefined {
  if (one.expect !== 'hit' && one.expect !== 'miss') return 'expect is neither hit nor miss';
  if (!Array.isArray(one.events) || one.events.length === 0) return 'there are no events';
  for (const event of one.events) {
    const spec = specOf(event);
    if (spec === undefined) return `there is no event type ${String(event['type'])}`;
    const fields = fieldsOf(spec);
    const unknown = Object.keys(event).find((key) => key !== 'type' && key !== 'at' && !(key in fields));
    if (unknown !== undefined) return `${spec.name} has no field ${unknown}`;
  }
  return undefined;
}
