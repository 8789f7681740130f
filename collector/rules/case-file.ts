import { LineCounter, parseDocument } from 'yaml';
import { recordsOfOsv } from '#shared/detect/detectors/advisory/osv.ts';
import type { AdvisoryRecord } from '#shared/detect/detectors/advisory/record.ts';
import { catalogue } from '#shared/errors.ts';
import { eventSpecs } from '#shared/events/registry.gen.ts';
import { type EventSpec, type FieldSpec, fieldsOf } from '#shared/schema/spec.ts';
import { fieldKey, fieldMapOf, type RuleProblem } from '#shared/sigma/index.ts';

/**
 * A case beside a rule: events that must (`hit`) or must not (`miss`) raise an alert of the rules in its file.
 * Fields by their ECS names or the names rules use; `at` is seconds from the start of the case, `host` a name. An event
 * with `repeat: {count, every}` stands for that many, `every` seconds apart; `{n}` in its texts is their number from 0.
 */
export interface RuleCase {
  readonly name: string;
  readonly expect: 'hit' | 'miss';
  /** Exact number of alerts, where it matters. */
  readonly alerts?: number;
  /** Id, name or title of the rule that is meant, where its file holds several. */
  readonly rule?: string;
  /** Operating system of the hosts; that of the rule where it says one, else `linux`. */
  readonly product?: string;
  readonly events: readonly CaseEvent[];
  /** What is known of packages, as advisories in OSV's form say. */
  readonly advisories?: readonly AdvisoryRecord[];
}

export interface CaseEvent {
  readonly type: string;
  /** Seconds. */
  readonly at: number;
  readonly host: string;
  /** By ECS name. */
  readonly fields: Readonly<Record<string, FieldValue>>;
}

export type FieldValue = string | number | boolean | readonly string[];

/** Bounds on one file of tests. */
export const caseBounds = { sizeBytes: 2 << 20, cases: 1_000, events: 20_000 } as const;

/** What `<rule>.test.yml` ends with. */
export const testSuffix = /\.test\.ya?ml$/i;

const specs: Readonly<Record<string, EventSpec>> = eventSpecs;

/** The cases of a file; none and a problem where anything in it is not as it should be. */
export function readCases(
  text: string,
  file: string,
): { readonly cases: readonly RuleCase[]; readonly problems: readonly RuleProblem[] } {
  const code = 'rule.test_invalid';
  const refuse = (message: string, line = 1, column = 1) => ({
    cases: [],
    problems: [
      { severity: 'error', code, file, line, column, message, action: catalogue[code].action } as const,
    ],
  });
  if (Buffer.byteLength(text) > caseBounds.sizeBytes)
    return refuse(`The file is larger than ${caseBounds.sizeBytes} bytes.`);
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, { lineCounter: lines });
    const [error] = document.errors;
    if (error !== undefined) {
      const { line, col } = lines.linePos(error.pos[0]);
      return refuse(error.message.split('\n')[0] ?? 'It is not YAML.', line, col);
    }
    return { cases: casesOf(document.toJS({ maxAliasCount: 100 })), problems: [] };
  } catch (error) {
    return refuse((error as Error).message);
  }
}

class CaseProblem extends Error {}

function casesOf(document: unknown): readonly RuleCase[] {
  const { cases } = mapOf(document, 'The file');
  if (!Array.isArray(cases)) throw new CaseProblem('The file has no list `cases`.');
  if (cases.length > caseBounds.cases)
    throw new CaseProblem(`There are more than ${caseBounds.cases} cases.`);
  let events = 0;
  return cases.map((one: unknown, i) => {
    const read = caseOf(one, `Case ${i + 1}`);
    events += read.events.length;
    if (events > caseBounds.events) throw new CaseProblem(`There are more than ${caseBounds.events} events.`);
    return read;
  });
}

const caseKeys = ['name', 'expect', 'alerts', 'rule', 'product', 'advisories', 'events'];

function caseOf(value: unknown, where: string): RuleCase {
  const { name = where, expect, alerts, rule, product, advisories, events, ...rest } = mapOf(value, where);
  const [stray] = Object.keys(rest);
  if (stray !== undefined)
    throw new CaseProblem(`${where} has \`${stray}\`; a case has ${caseKeys.join(', ')}.`);
  const called = `${where} (${String(name)})`;
  if (expect !== 'hit' && expect !== 'miss')
    throw new CaseProblem(`${called}: expect is neither hit nor miss.`);
  if (alerts !== undefined && !(Number.isSafeInteger(alerts) && (alerts as number) >= 0))
    throw new CaseProblem(`${called}: alerts is not a whole number.`);
  if (expect === 'miss' && (alerts ?? 0) !== 0) throw new CaseProblem(`${called}: a miss raises no alerts.`);
  if (!Array.isArray(events) || events.length === 0) throw new CaseProblem(`${called}: there are no events.`);
  const text = (one: unknown, what: string) => {
    if (typeof one !== 'string' || one === '') throw new CaseProblem(`${called}: ${what} is not a text.`);
    return one;
  };
  return {
    ...{ name: String(name), expect },
    ...(alerts !== undefined && { alerts: alerts as number }),
    ...(rule !== undefined && { rule: text(rule, 'rule') }),
    ...(product !== undefined && { product: text(product, 'product') }),
    ...(advisories !== undefined && { advisories: advisoriesOf(advisories, called) }),
    events: events.flatMap((event: unknown, i) => eventsOf(event, `${called}, event ${i + 1}`)),
  };
}

function advisoriesOf(value: unknown, where: string): readonly AdvisoryRecord[] {
  if (!Array.isArray(value)) throw new CaseProblem(`${where}: advisories is not a list.`);
  return value.flatMap((one: unknown) => {
    const records = recordsOfOsv(one);
    if (records === undefined || records.length === 0)
      throw new CaseProblem(
        `${where}: an advisory is not in the form of OSV, or about no package hosts have.`,
      );
    return records;
  });
}

/** One event, or those that a template with `repeat` stands for. */
function eventsOf(value: unknown, where: string): readonly CaseEvent[] {
  const { repeat, ...event } = mapOf(value, where);
  if (repeat === undefined) return [eventOf(event, where)];
  const { count, every = 0, ...rest } = mapOf(repeat, `${where}: repeat`);
  const [stray] = Object.keys(rest);
  if (stray !== undefined)
    throw new CaseProblem(`${where}: repeat has \`${stray}\`; it has count and every.`);
  if (!Number.isSafeInteger(count) || (count as number) < 1 || (count as number) > caseBounds.events)
    throw new CaseProblem(`${where}: repeat.count is not a whole number from 1 to ${caseBounds.events}.`);
  if (typeof every !== 'number' || !Number.isFinite(every))
    throw new CaseProblem(`${where}: repeat.every is not a number of seconds.`);
  const { at = 0 } = event;
  return Array.from({ length: count as number }, (_, n) =>
    eventOf({ ...numbered(event, n), at: typeof at === 'number' ? at + n * every : at }, where),
  );
}

/** The template with `{n}` in its texts replaced. */
function numbered(event: Readonly<Record<string, unknown>>, n: number): Readonly<Record<string, unknown>> {
  const put = (one: unknown): unknown => {
    if (typeof one === 'string') return one.replaceAll('{n}', String(n));
    return Array.isArray(one) ? one.map(put) : one;
  };
  return Object.fromEntries(Object.entries(event).map(([name, one]) => [name, put(one)]));
}

function eventOf(value: unknown, where: string): CaseEvent {
  const { type, at = 0, host = 'case', ...given } = mapOf(value, where);
  const spec = specs[String(type)];
  if (spec === undefined) throw new CaseProblem(`${where}: there is no event type ${String(type)}.`);
  if (typeof at !== 'number' || !Number.isFinite(at) || Math.abs(at) > 1e9)
    throw new CaseProblem(`${where}: at is not a number of seconds.`);
  const names = fieldMapOf(spec);
  const declared = fieldsOf(spec);
  const fields: Record<string, FieldValue> = {};
  for (const [key, one] of Object.entries(given)) {
    const name = key in declared ? key : names.get(fieldKey(key));
    const field = name === undefined ? undefined : declared[name];
    // A case that names what does not exist would be a miss for the wrong reason.
    if (name === undefined || field === undefined)
      throw new CaseProblem(`${where}: ${spec.name} has no field ${key}.`);
    if (one !== null && one !== undefined) fields[name] = fieldValue(one, field, `${where}: ${key}`);
  }
  return { type: spec.name, at, host: String(host), fields };
}

function fieldValue(value: unknown, { type }: FieldSpec, where: string): FieldValue {
  switch (type) {
    case 'int':
    case 'float':
    case 'time':
      if (typeof value === 'number' && Number.isFinite(value)) return value;
      throw new CaseProblem(`${where} is a number.`);
    case 'bool':
      if (typeof value === 'boolean') return value;
      throw new CaseProblem(`${where} is true or false.`);
    case 'keywords':
      if (Array.isArray(value)) return value.map(String);
      throw new CaseProblem(`${where} is a list.`);
    default:
      if (typeof value === 'object') throw new CaseProblem(`${where} is a text.`);
      return String(value);
  }
}

function mapOf(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, unknown>>;
  throw new CaseProblem(`${where} is not a map.`);
}
