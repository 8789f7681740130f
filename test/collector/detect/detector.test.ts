import t from 'tap';
import type { RuleFault } from '../../../collector/detect/detector.ts';
import { createDetector } from '../../../collector/detect/detector.ts';
import { columnarOf } from '../../../collector/rules/columnar.ts';
import { HitFold } from '../../../shared/detect/hit-fold.ts';
import { MatchEvent } from '../../../shared/detect/match-event.ts';
import { eventSpecs } from '../../../shared/events/registry.gen.ts';
import type { Column, ColumnarEvents, EventRow } from '../../../shared/schema/columns.ts';
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
    reason: "Evil: somebody ran run evil; its command line contains 'evil'.",
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
  const one = start('evil', { 'process.entity_id': 'p1', 'user.name': 'ada' });
  t.equal(id(one), id(one), 'again the same');
  t.not(id(one), id(one, 'h2'));
  const key = (row: EventRow, host = 'h1') => detector.detect(origin(host), [rows(row)], 1)[0]?.key;
  t.equal(key(one), key({ ...one, 'process.entity_id': 'p2' }), 'what each run has anew is not the entity');
  t.equal(key(start('evil 1234 /tmp/4711')), key(start('evil 5678 /tmp/815')), 'nor are numbers');
  t.not(key(start('evil 10.1.2.3')), key(start('evil 10.1.2.4')), 'but addresses are');
  t.not(key(one), key(one, 'h2'));
  t.not(key(one), key({ ...one, 'user.name': 'eve' }));
  t.not(key(one), key(start('evil twin', { 'user.name': 'ada' })));
  const both = detector.detect(origin(), [rows(one, { ...one, time: 30 })], 1);
  t.match(both, [{ count: 2, firstEventAt: 10, lastEventAt: 30, eventIds: ['h1/0/0', 'h1/0/1'] }]);
  const apart = detector.detect(origin(), [rows(one, { ...one, time: 61e6 })], 1);
  t.match(apart, [{ count: 1 }, { count: 1 }], 'those far apart are put together where they are kept');
  t.equal(apart[0]?.key, apart[1]?.key);
  t.not(apart[0]?.id, apart[1]?.id);
});

t.test('many hits of one batch: all are counted, the first and the last are named', async (t) => {
  const hits = Array.from({ length: 1000 }, (_, i) => start(`evil ${1000 + i}`, { time: i }));
  const [alert, ...more] = createDetector(rulesOf(evil)).detect(origin(), [rows(...hits)], 1);
  t.strictSame(more, []);
  t.match(alert, { count: 1000, firstEventAt: 0, lastEventAt: 999 });
  const named = [...Array(50).keys(), ...Array.from({ length: 50 }, (_, i) => 950 + i)];
  t.strictSame(
    alert?.eventIds,
    named.map((row) => `h1/0/${row}`),
  );
  t.equal(alert?.seen['process.command_line']?.length, 1000, 'values that differ are counted');
  t.strictSame(alert?.entity, { 'process.command_line': 'evil #' });
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

t.test('a host with a wrong clock does not make the events of others late', async (t) => {
  const anywhere = { ...many, correlation: { ...many.correlation, 'group-by': ['User'] } };
  const detector = createDetector(rulesOf(evil, anywhere));
  const from = (host: string, second: number) =>
    detector.detect({ ...origin(host), receivedAt: 10e6 }, [rows(at(second))], 1);
  t.strictSame(from('h1', 9e9), []);
  t.strictSame([...from('h2', 8), ...from('h3', 9)], []);
  t.match(from('h4', 10), [{ count: 3, firstEventAt: 8e6, lastEventAt: 10e6 }]);
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

const sequence = {
  title: 'Evils, then worse',
  id: 'sequence',
  level: 'critical',
  correlation: { type: 'temporal_ordered', rules: ['many', 'worse'], 'group-by': ['User'], timespan: '5m' },
};
const worse = {
  ...evil,
  ...{ id: 'worse', title: 'Worse', detection: { s: { 'CommandLine|contains': 'worse' }, condition: 's' } },
};

t.test('a chain raises the outermost alert only, of events of any type in order of time', async (t) => {
  const detector = createDetector(rulesOf(evil, many, worse, sequence));
  const last = start('worse', { time: 10e6, 'user.name': 'ada' });
  const [alert, ...more] = detector.detect(origin(), [rows(last, at(1), at(3), at(2))], 1);
  t.strictSame(more, []);
  t.match(alert, {
    ...{ ruleId: 'sequence', count: 2, firstEventAt: 3e6, lastEventAt: 10e6, level: 'critical' },
    eventIds: ['h1/0/2', 'h1/0/0'],
    reason: 'Evils, then worse: 2 rules in their order within 5 min for User ada.',
    matches: [{ test: "contains 'worse'" }],
  });
  const loud = { ...sequence, correlation: { ...sequence.correlation, generate: true } };
  const raised = createDetector(rulesOf(evil, many, worse, loud)).detect(
    origin(),
    [rows(at(1), at(2), at(3), last)],
    1,
  );
  t.strictSame(raised.map((a) => a.ruleId).sort(), ['many', 'sequence', 'worse']);
});

t.test('reasons say what was found', async (t) => {
  const reasonOf = (correlation: object) => {
    const grouped = { rules: ['evil'], 'group-by': ['User'], timespan: '2h', ...correlation };
    const detector = createDetector(rulesOf(evil, { title: 'C', id: 'c', correlation: grouped }));
    const pids = [10, 20, 40].map((pid, i) =>
      start('evil', { time: i, 'process.pid': pid, 'user.name': 'ada' }),
    );
    return detector.detect(origin(), [rows(...pids)], 1)[0]?.reason;
  };
  const field = 'ProcessId';
  const told = (found: string) => `C: ${found} within 2 h for User ada.`;
  const sum = { type: 'value_sum', condition: { field, gte: 70 } };
  t.equal(reasonOf(sum), told('ProcessId adds up to 70 over 3 events'));
  const mean = { type: 'value_avg', condition: { field, gt: 20 } };
  t.equal(reasonOf(mean), told('ProcessId is 23.3333 on average over 3 events'));
  const share = { type: 'value_percentile', condition: { field, percentile: 90, gte: 40 } };
  t.equal(reasonOf(share), told('percentile 90 of ProcessId is 40 over 3 events'));
  const middle = { type: 'value_median', condition: { field, gte: 20 } };
  t.equal(reasonOf(middle), told('the median of ProcessId is 20 over 3 events'));
  const pairs = { type: 'value_count', condition: { field: [field, 'User'], gte: 3 } };
  t.equal(reasonOf(pairs), told('3 values of ProcessId and User'));
  t.equal(reasonOf({ type: 'temporal' }), told('1 of 1 rules'));
});

t.test('matches that only feed a correlation are not explained', async (t) => {
  const ruleSet = rulesOf(evil, many);
  let explained = 0;
  // Being found by the index is enough for a match, so that only an explanation asks the test itself.
  const test = {
    key: 'counted',
    hint: { by: 'literal' as const, texts: ['evil'], at: 'anywhere' as const, sure: true },
    holds: () => ++explained > 0,
  };
  const predicate = { field: 'CommandLine', test, selection: 's', text: 'counted' };
  Object.assign(ruleSet.rules[0]!, { condition: { op: 'predicate', predicate } });
  const detector = createDetector(ruleSet);
  t.strictSame(detector.detect(origin(), [rows(at(1), at(2))], 1), []);
  t.equal(explained, 0);
  t.match(detector.detect(origin(), [rows(at(3))], 1), [{ matches: [{ test: 'counted' }] }]);
  t.equal(explained, 1);
});

t.test('a snapshot and what is replayed after it give the state there was, without alerts', async (t) => {
  const straight = createDetector(rulesOf(evil, many));
  const batches = [1, 2, 3, 4, 5].map((second) => [rows(at(second))]);
  const wanted = batches.map((groups) => straight.detect(origin(), groups, 1));
  const first = createDetector(rulesOf(evil, many));
  first.detect(origin(), batches[0]!, 1);
  const second = createDetector(rulesOf(evil, many));
  t.equal(second.revision, 0);
  t.strictSame(second.restore(first.snapshot()!), { taken: true, lookbackUs: 0 });
  second.replay(origin(), batches[1]!, 'fresh');
  second.replay(origin(), batches[1]!, 'all');
  second.replay(origin(), batches[2]!, 'all');
  t.ok(second.revision > 0);
  t.strictSame(
    [3, 4].map((i) => second.detect(origin(), batches[i]!, 1)),
    wanted.slice(3),
  );
  t.match(second.restore(new Uint8Array(9)), { taken: false });
  t.match(second.stats.correlations, [{ id: 'many', groups: 0 }]);
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
    predicate: new Predicate('CommandLine', bad, {
      selection: 's',
      modifiers: [],
      how: 'bad',
      value: undefined,
    }),
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

t.test('a finding is one alert for all about one thing, with the events it was made of', async (t) => {
  const strings = (values: readonly string[]) => ({
    kind: 'string' as const,
    dictionary: [...new Set(values)],
    index: Uint8Array.from(values, (value) => [...new Set(values)].indexOf(value) + 1),
  });
  const finding = (entities: readonly string[], fleet: boolean, firstId: number): ColumnarEvents => ({
    ...{ type: 'finding', count: entities.length, times: Float64Array.from(entities, (_, i) => 10 + i) },
    columns: new Map<string, Column>([
      ['finding.detector', strings(entities.map(() => 'beacon'))],
      ['finding.kind', strings(entities.map(() => 'regular'))],
      ['finding.entity', strings(entities)],
      ['finding.summary', strings(entities.map((name) => `${name} connected every 60 s`))],
      ['finding.fleet', { kind: 'bool', values: Uint8Array.from(entities, () => (fleet ? 2 : 1)) }],
      [
        'finding.event_ids',
        {
          ...{ kind: 'list', dictionary: [`e${firstId}`, `e${firstId + 1}`] },
          offsets: Uint32Array.from([0, ...entities.map((_, i) => 2 * (i + 1))]),
          index: Uint8Array.from(entities.flatMap(() => [1, 2])),
          present: Uint8Array.from(entities, () => 1),
        },
      ],
    ]),
  });
  const header = rulesOf({ ...evil, id: 'beacon', title: 'Beacon' }).rules[0]!.rule;
  const alertsOf = (events: ColumnarEvents, hostId = 'h1') => {
    const fold = new HitFold(undefined);
    const event = new MatchEvent(origin(hostId), events, 0);
    for (let row = 0; row < events.count; row++) fold.add(header, event.at(row), () => [], 1);
    return [...fold.alerts()];
  };
  const alerts = alertsOf(finding(['curl', 'curl', 'wget'], false, 1));
  t.match(alerts, [
    { count: 2, reason: 'Beacon: curl connected every 60 s.', eventIds: ['e1', 'e2'] },
    { count: 1, reason: 'Beacon: wget connected every 60 s.' },
  ]);
  const keyOf = (fleet: boolean, host: string) => alertsOf(finding(['x'], fleet, 1), host)[0]?.key;
  t.not(keyOf(false, 'h1'), keyOf(false, 'h2'));
  t.equal(keyOf(true, 'h1'), keyOf(true, 'h2'), 'one about several hosts is of none of them');
});

t.test('what is hidden is marked, hit by hit; correlations count it all the same', async (t) => {
  const hidden: string[] = [];
  const detector = createDetector(
    rulesOf(evil, { ...many, correlation: { ...many.correlation, generate: true } }),
    {
      exceptionOf: (rule, { row }, key) => {
        hidden.push(`${rule.id} ${key().length}`);
        return rule.id === 'many' || row === 1 ? 'x' : undefined;
      },
    },
  );
  const alerts = detector.detect(origin(), [rows(at(1), at(2), at(3))], 1);
  t.match(alerts.map(({ ruleId, count, exceptionId }) => [ruleId, count, exceptionId]).sort(), [
    ['evil', 1, 'x'],
    ['evil', 2, undefined],
    ['many', 3, 'x'],
  ]);
  t.ok(
    hidden.includes('many 32') && hidden.includes('evil 32'),
    'an exception may ask for the key of either',
  );
});
