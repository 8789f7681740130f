/** Rules over events of undeclared form. */
import t from 'tap';
import type { Column, ColumnarEvents } from '../../../shared/schema/columns.ts';
import { declaredSchema, type EventSchema, Matcher, openSchema } from '../../../shared/sigma/index.ts';
import { columnsOf } from '../../../shared/sigma/json/columns.ts';
import { flatten } from '../../../shared/sigma/json/flatten.ts';
import { compileText, specs } from './rules.ts';

const rules = [
  ['windows', { product: 'windows', category: 'process_creation' }, { 'Image|endswith': '\\cmd.exe' }],
  ['security', { product: 'windows', service: 'security' }, { 'Event.System.EventID': 4688 }],
  ['words', { product: 'linux', service: 'syslog' }, ['segfault']],
  ['spaced', { product: 'windows' }, { 'New Value': 'x' }],
] as const;

const text = rules
  .map(([id, logsource, sel]) =>
    JSON.stringify({ title: id, id, logsource, detection: { sel, condition: 'sel' } }),
  )
  .join('\n---\n');

function events(fields: Readonly<Record<string, string>>): ColumnarEvents {
  const columns = Object.entries(fields).map(([name, value]): [string, Column] => [
    name,
    { kind: 'string', dictionary: [value], index: Uint8Array.of(1) },
  ]);
  return { type: 'raw', count: 1, times: Float64Array.of(0), columns: new Map(columns) };
}

function matched(schema: EventSchema, fields: Readonly<Record<string, string>>): readonly string[] {
  const found: string[] = [];
  const matcher = new Matcher(compileText(text).ruleSet.rules, specs, (_, error) => {
    throw error;
  });
  matcher.matchAs(events(fields), schema, (rule, _row, explain) => {
    found.push(rule.rule.id);
    t.ok(explain().length > 0, 'says why');
  });
  return found;
}

t.test('without a logsource every rule is about the events', async (t) => {
  t.strictSame(matched(openSchema(), { Image: 'C:\\cmd.exe' }), ['windows']);
  t.strictSame(matched(openSchema(), { 'Event.System.EventID': '4688' }), ['security']);
  t.strictSame(matched(openSchema(), { anything: 'a segfault at 0' }), ['words'], 'keywords look everywhere');
  t.strictSame(matched(openSchema(), { NewValue: 'X' }), ['spaced'], 'spaces in names do not count');
});

t.test('with one, those whose own agrees', async (t) => {
  const both = { Image: 'C:\\cmd.exe', 'Event.System.EventID': '4688', NewValue: 'x' };
  const creation = openSchema({ product: 'windows', category: 'process_creation' });
  t.strictSame(matched(creation, both), ['windows', 'spaced']);
  t.strictSame(matched(openSchema({ product: 'windows', service: 'security' }), both), [
    'security',
    'spaced',
  ]);
  t.strictSame(matched(openSchema({ product: 'linux' }), both), []);
});

t.test('a field without a value is there', async (t) => {
  const rule = (key: string, value: unknown) =>
    JSON.stringify({
      ...{ title: 'T', id: 't', logsource: { product: 'p' } },
      detection: { sel: { [key]: value }, condition: 'sel' },
    });
  const flat = ['{"a":null}', '{"a":[]}', '{"a":""}', '{"a":"x"}', '{"b":1}'].map(
    (text) => flatten(JSON.parse(text))!,
  );
  const rows = (key: string, value: unknown) => {
    const found: number[] = [];
    const matcher = new Matcher(compileText(rule(key, value)).ruleSet.rules, [], () => {});
    matcher.matchAs(columnsOf(flat), openSchema(), (_rule, row, explain) => {
      found.push(row);
      explain();
    });
    return found;
  };
  t.strictSame(rows('a|exists', true), [0, 1, 2, 3], 'presence, whatever the value');
  t.strictSame(rows('a|exists', false), [4]);
  t.strictSame(rows('a', null), [0, 1, 4], 'null is absent or null');
  t.strictSame(rows('a', ''), [2]);
  t.strictSame(rows('a', '*'), [2, 3]);
});

t.test('one key for one schema', async (t) => {
  t.equal(openSchema({ product: 'linux' }).key, openSchema({ product: 'linux' }).key);
  t.not(openSchema({ product: 'linux' }).key, openSchema({ service: 'linux' }).key);
  const spec = specs[0]!;
  t.equal(declaredSchema(spec, 'linux'), declaredSchema(spec, 'linux'));
  t.not(declaredSchema(spec, 'linux').key, declaredSchema(spec, 'windows').key);
});
