/** Which rules run on a host, and what a host may say of alerts. */
import fc from 'fast-check';
import t from 'tap';
import { alertsOfEvents, eventOfAlert } from '#shared/detect/alert-event.ts';
import type { BatchOrigin } from '#shared/detect/contract.ts';
import { createDetector } from '#shared/detect/detector.ts';
import { onHost } from '#shared/detect/on-host.ts';
import type { RaisedAlert } from '#shared/detect/raised-alert.ts';
import { eventSpecs } from '#shared/events/registry.gen.ts';
import { decodeReport, encodeReport, noReport } from '#shared/protocol/host-rules.ts';
import { rulesFromFiles } from '#shared/rules/from-files.ts';
import { columnarOf } from '#shared/schema/columnar.ts';
import type { EventRow } from '#shared/schema/columns.ts';

const host = '00000000000000aa';
const origin: BatchOrigin = {
  hostId: host,
  hostName: 'here',
  product: 'linux',
  eventId: (group, row) => `${host}:0000000000000001:1:${group * 10 + row}`,
};

const base = (name: string, category = 'process_creation', product = 'linux') => `title: ${name}
id: b0000000-0000-4000-8000-0000000000${name.length.toString(16).padStart(2, '0')}
name: ${name}
logsource:
  category: ${category}
  product: ${product}
detection:
  word:
    CommandLine|contains: '${name}'
  condition: word
level: high
`;
const correlation = (n: number, of: string, groupBy: string, more = '') => `title: Correlation ${n}
id: c0000000-0000-4000-8000-00000000000${n}
name: correlation_${n}
correlation:
  type: event_count
  rules: [${of}]
  group-by: [${groupBy}]
  timespan: 1m
  condition:
    gte: 2
${more}level: high
`;

function rulesOf(texts: Readonly<Record<string, string>>) {
  const files = new Map(Object.entries(texts).map(([path, text]) => [path, Buffer.from(text)]));
  const { ruleSet, problems } = rulesFromFiles(files);
  t.same(
    problems.filter(({ severity }) => severity === 'error'),
    [],
  );
  return ruleSet;
}

const titles = (set: ReturnType<typeof onHost>) =>
  [...set.rules, ...set.correlations].map(({ rule }) => rule.title).sort();

t.test('rules about what such hosts send run there, and correlations within a host', async (t) => {
  const texts = {
    'rules/a.yml': base('loud'),
    'rules/b.yml': base('windows', 'process_creation', 'windows'),
    'rules/c.yml': base('nobody-sends', 'no_such_category'),
    'rules/d.yml': base('fleet-base'),
    'rules/e.yml': base('local-bases'),
    'rules/1.yml': correlation(1, 'fleet-base', 'user.name'),
    'rules/2.yml': correlation(2, 'local-bases', 'host.id, user.name'),
    'rules/3.yml': correlation(3, 'fleet-base', 'host.id, host.name'),
    'rules/4.yml': correlation(4, 'correlation_2', 'host.id'),
    'rules/5.yml': correlation(5, 'correlation_1', 'host.id'),
    'rules/6.yml': correlation(
      6,
      'fleet-base',
      'Where',
      '  aliases:\n    Where:\n      fleet-base: host.id\n',
    ),
  };
  const set = onHost(rulesOf(texts), 'linux');
  t.same(titles(set), [
    'Correlation 2',
    'Correlation 4',
    'Correlation 6',
    'fleet-base',
    'local-bases',
    'loud',
  ]);
  const { 'rules/6.yml': _, ...without } = texts;
  t.notOk(titles(onHost(rulesOf(without), 'linux')).includes('fleet-base'), 'nor what serves the fleet only');
  t.same(titles(onHost(rulesOf({ 'rules/b.yml': texts['rules/b.yml'] }), 'linux')), []);
});

t.test('pipelines and lists of a bundle are those of its rules', async (t) => {
  const set = rulesOf({
    'rules/a.yml': base('x').replace("CommandLine|contains: 'x'", "CommandLine|expand: '%words%'"),
    'lists/words.txt': '# words\none\n\ntwo words\n',
    'pipelines/p.yml':
      'name: p\npriority: 1\ntransformations:\n  - id: r\n    type: field_name_mapping\n    mapping:\n      Other: CommandLine\n',
    'rules/a.test.yml': 'not: a rule',
    'responses/x.yml': 'not: a rule either',
  });
  const detector = createDetector(set);
  const row = (line: string) =>
    ({ type: 'process.start', time: 1, 'process.command_line': line }) as EventRow;
  const matches = (line: string) =>
    detector.matches(columnarOf(eventSpecs['process.start'], [row(line)]), 'linux');
  t.ok(matches('two words'));
  t.notOk(matches('# words'));
});

const rows = [
  { type: 'process.start', time: 17e14, 'process.command_line': 'loud', 'process.entity_id': 'p1' },
] as unknown as EventRow[];

function raised(texts: Readonly<Record<string, string>>, events = rows): readonly RaisedAlert[] {
  const groups = [columnarOf(eventSpecs['process.start'], events)];
  return createDetector(rulesOf(texts)).detect(origin, groups, 17e14);
}

function told(events: readonly EventRow[], from = origin) {
  return alertsOfEvents(from, columnarOf(eventSpecs.alert, events), 0, 18e14);
}

t.test('what a host says of an alert gives the alert that the collector would raise', async (t) => {
  const both = {
    'rules/a.yml': base('loud'),
    'rules/2.yml': correlation(2, 'loud', 'host.id', '  generate: true\n'),
  };
  const alerts = raised(both, [...rows, ...rows, ...rows]);
  t.equal(alerts.length, 2);
  const events = alerts.map((alert) => eventOfAlert(alert, 'f'.repeat(64)) as unknown as EventRow);
  for (const [i, result] of told(events).entries()) {
    if (!result.ok) throw result.error;
    // Of values a host tells those of the event that it quotes.
    const { seen } = result.value;
    t.same(Object.keys(seen), Object.keys(alerts[i]?.seen ?? {}));
    t.same(result.value, { ...alerts[i], seen, raisedAt: 18e14 });
  }
});

t.test('an agent of before alerts had entities gives the same alert', async (t) => {
  const [alert] = raised({ 'rules/a.yml': base('loud') });
  const event = eventOfAlert(alert!, '') as unknown as EventRow;
  const [result] = told([{ ...event, 'alert.subject': JSON.stringify([host, 'process p1']) }]);
  t.match(result, { ok: true, value: { id: alert?.id, key: alert?.key, subject: alert?.subject } });
});

t.test('a host speaks for itself only', async (t) => {
  const [alert] = raised({ 'rules/a.yml': base('loud') });
  const event = eventOfAlert(alert!, '') as unknown as EventRow;
  const bad: readonly (readonly [string, Partial<EventRow>])[] = [
    ['another host', { 'alert.subject': JSON.stringify(['00000000000000bb', 'process p1']) }],
    ['no subject', { 'alert.subject': '[]' }],
    ['more than a subject', { 'alert.subject': JSON.stringify([host, 'process p1', 'x']) }],
    ['no JSON', { 'alert.subject': '{' }],
    ['a group without this host', { 'alert.group': true, 'alert.subject': '["[\\"x\\"]","1"]' }],
    ['a rule of the collector', { 'rule.id': 'vedette-identity-cloned' }],
    ['a count of nothing', { 'alert.count': 0 }],
    ['an event that is none', { 'alert.event': '[1]' }],
    ['matches that are none', { 'alert.matches': '[{"selection":7}]' }],
  ];
  for (const [name, change] of bad) {
    const [result] = told([{ ...event, ...change } as EventRow]);
    t.equal(result?.ok === false && result.error.code, 'event.invalid', name);
  }
  const foreign = { ...event, 'alert.event_ids': ['00000000000000bb:0000000000000001:1:1'] } as EventRow;
  const claim = { ...JSON.parse(String(event['alert.event'])), 'host.name': 'another', 'host.id': 'x' };
  const [kept] = told([{ ...foreign, 'alert.event': JSON.stringify(claim) } as EventRow]);
  if (kept?.ok !== true) throw new Error('refused');
  t.same(kept.value.eventIds, [], 'evidence of others is no evidence');
  t.match(kept.value.event, { 'host.id': host, 'host.name': 'here' });
});

t.test('nothing a host says throws', async (t) => {
  const [alert] = raised({ 'rules/a.yml': base('loud') });
  const event = eventOfAlert(alert!, '') as unknown as EventRow;
  const names = Object.keys(eventSpecs.alert.fields);
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.oneof(fc.json(), fc.string(), fc.integer()), (name, value) => {
      const [result] = told([{ ...event, [name]: value } as EventRow]);
      return result !== undefined;
    }),
    { numRuns: 500 },
  );
  fc.assert(fc.property(fc.uint8Array(), (bytes) => decodeReport(bytes) === undefined));
  t.same(decodeReport(encodeReport({ ...noReport, alerts: 3 })), { ...noReport, alerts: 3 });
  t.equal(decodeReport(Buffer.from(JSON.stringify({ ...noReport, alerts: -1 }))), undefined);
});

t.test('alerts are no events to rules', async (t) => {
  const any = `title: Anything
id: d0000000-0000-4000-8000-000000000001
logsource:
  product: linux
detection:
  words:
    - loud
  condition: words
`;
  const [alert] = raised({ 'rules/a.yml': base('loud') });
  const events = columnarOf(eventSpecs.alert, [eventOfAlert(alert!, '') as unknown as EventRow]);
  t.same(createDetector(rulesOf({ 'rules/any.yml': any })).detect(origin, [events], 1), []);
  t.equal(raised({ 'rules/any.yml': any }).length, 1, 'of what they quote it is');
});
