import t from 'tap';
import type { RuleFault } from '../../../collector/detect/detector.ts';
import { createDetector } from '../../../collector/detect/detector.ts';
import { columnarOf } from '../../../collector/rules/columnar.ts';
import { eventSpecs } from '../../../shared/events/registry.gen.ts';
import type { EventRow } from '../../../shared/schema/columns.ts';
import { Predicate } from '../../../shared/sigma/compile/predicate.ts';
import { compileRules, parseRules } from '../../../shared/sigma/index.ts';

const specs = Object.values(eventSpecs);
function rulesOf(...documents: readonly object[]) {
  const text = documents.map((d) => JSON.stringify(d)).join('\n---\n');
  return compileRules(parseRules(text, 'a.yml').documents, { specs }).ruleSet;
}
function origin(hostId = 'h1') {
  const product = 'linux';
  return {
    hostId,
    hostName: `${hostId}.lan`,
    product,
    eventId: (g: number, r: number) => `${hostId}/${g}/${r}`,
  };
}
function start(command: string, more: Partial<EventRow> = {}): EventRow {
  return { type: 'process.start', time: 10, 'process.command_line': command, ...more } as EventRow;
}
const rows = (...events: readonly EventRow[]) => columnarOf(eventSpecs['process.start'], events);
const evil = {
  title: 'Evil',
  id: 'evil',
  level: 'high',
  tags: ['attack.t1059'],
  logsource: { category: 'process_creation', product: 'linux' },
  detection: { s: { 'CommandLine|contains': 'evil' }, condition: 's' },
};

t.test('an alert says what, where and why', async (t) => {
  const [alert, ...more] = createDetector(rulesOf(evil)).detect(
    origin(),
    [rows(start('ls'), start('run evil', { 'process.entity_id': 'p1', time: 20 }))],
    99,
  );
  t.strictSame(more, []);
  t.match(alert, {
    ...{ ruleId: 'evil', ruleTitle: 'Evil', level: 'high', hostId: 'h1', hostName: 'h1.lan', raisedAt: 99 },
    ...{ firstEventAt: 20, lastEventAt: 20, count: 1, tags: ['attack.t1059'], eventIds: ['h1/0/1'] },
    reason: "Evil: process.command_line contains 'evil' (run evil)",
    matches: [{ selection: 's', field: 'process.command_line', value: 'run evil', test: "contains 'evil'" }],
    event: {
      'host.id': 'h1',
      'host.name': 'h1.lan',
      'event.id': 'h1/0/1',
      'process.command_line': 'run evil',
    },
  });
});

t.test('ids come from what was found', async (t) => {
  const detector = createDetector(rulesOf(evil));
  const id = (row: EventRow, host = 'h1') => detector.detect(origin(host), [rows(row)], 1)[0]?.id;
  const one = start('evil', { 'process.entity_id': 'p1' });
  t.equal(id(one), id(one), 'again the same');
  t.equal(id(one), id(start('evil twin', { 'process.entity_id': 'p1' })), 'one process, one alert');
  t.not(id(one), id(start('evil', { 'process.entity_id': 'p2' })));
  t.not(id(one), id(one, 'h2'));
  const both = detector.detect(origin(), [rows(one, { ...one, time: 30 })], 1);
  t.match(both, [{ count: 2, firstEventAt: 10, lastEventAt: 30, eventIds: ['h1/0/0', 'h1/0/1'] }]);
  const apart = detector.detect(origin(), [rows(start('evil'), start('evil'))], 1);
  t.equal(apart.length, 2, 'without a process, each event is its own');
});

t.test('products and event types are kept apart', async (t) => {
  const detector = createDetector(rulesOf(evil, { ...evil, id: 'win', logsource: { product: 'windows' } }));
  const raised = (product: string) =>
    detector.detect({ ...origin(), product }, [rows(start('evil'))], 1).map((a) => a.ruleId);
  t.strictSame(raised('linux'), ['evil']);
  t.strictSame(raised('windows'), ['win']);
  t.strictSame(detector.detect(origin(), [{ ...rows(start('evil')), type: 'unheard.of' }], 1), []);
  t.equal(detector.ruleCount, 2);
});

t.test('services of the authentication log', async (t) => {
  const login = (service: string) => ({
    ...{ title: service, id: service, logsource: { product: 'linux', service } },
    detection: { keywords: ['invalid user'], condition: 'keywords' },
  });
  const detector = createDetector(rulesOf(...['auth', 'sshd', 'sudo', 'auditd'].map(login)));
  const event = {
    ...{
      type: 'login',
      time: 1,
      'event.action': 'failed',
      'event.outcome': 'failure',
      'log.source': 'auth-log',
    },
    message: 'sshd[1]: Invalid user bob from 203.0.113.9',
  } as EventRow;
  const raised = detector.detect(origin(), [columnarOf(eventSpecs.login, [event])], 1);
  t.strictSame(raised.map((a) => a.ruleId).sort(), ['auth', 'sshd', 'sudo']);
});

const many = {
  title: 'Many evils',
  id: 'many',
  level: 'high',
  correlation: {
    ...{ type: 'event_count', rules: ['evil'], 'group-by': ['host.id', 'User'], timespan: '1m' },
    condition: { gte: 3 },
  },
};
const at = (second: number, user = 'ada') => start('evil', { time: second * 1e6, 'user.name': user });

t.test('correlations count over batches', async (t) => {
  const detector = createDetector(rulesOf(evil, many));
  t.equal(detector.lookback, 13 * 60e6);
  t.strictSame(detector.detect(origin(), [rows(at(1), at(2))], 1), []);
  const [alert, ...more] = detector.detect(origin(), [rows(at(3, 'eve'), at(4))], 1);
  t.strictSame(more, []);
  t.match(alert, {
    ...{ ruleId: 'many', count: 3, firstEventAt: 1e6, lastEventAt: 4e6, hostId: 'h1' },
    eventIds: ['h1/0/0', 'h1/0/1', 'h1/0/1'],
    reason: 'Many evils: 3 events within 1 min for User ada.',
  });
  const [again] = detector.detect(origin(), [rows(at(5))], 1);
  t.match(again, { id: alert?.id, count: 1, lastEventAt: 5e6 }, 'the same episode');
  t.strictSame(detector.detect(origin('h2'), [rows(at(6), at(7))], 1), [], 'another host, another group');
});

t.test('history fed again gives the same alerts', async (t) => {
  const feed = (detector: ReturnType<typeof createDetector>) =>
    [1, 2, 3, 4].flatMap((s) => detector.detect(origin(), [rows(at(s))], 1));
  const [first, second] = [createDetector(rulesOf(evil, many)), createDetector(rulesOf(evil, many))];
  t.strictSame(
    feed(first).map((a) => a.id),
    feed(second).map((a) => a.id),
  );
});

t.test('a rule that throws is set aside and reported once', async (t) => {
  const ruleSet = rulesOf(evil, { ...evil, id: 'broken' });
  const broken = ruleSet.rules.find((r) => r.rule.id === 'broken')!;
  const bad = {
    key: 'bad',
    hint: { by: 'scan' as const },
    holds: () => {
      throw new Error('no');
    },
  };
  const condition = {
    op: 'predicate' as const,
    predicate: new Predicate('CommandLine', bad, { selection: 's', how: 'bad', value: undefined }),
  };
  const faults: RuleFault[] = [];
  const detector = createDetector(
    { ...ruleSet, rules: [ruleSet.rules.find((r) => r.rule.id === 'evil')!, { ...broken, condition }] },
    { onFault: (fault) => faults.push(fault) },
  );
  for (let i = 0; i < 3; i++) {
    const raised = detector.detect(origin(), [rows(start(`evil ${i}`))], 1);
    t.strictSame(
      raised.map((a) => a.ruleId),
      ['evil'],
    );
  }
  t.match(faults, [{ ruleId: 'broken', ruleTitle: 'Evil', error: { message: 'no' } }]);
});
