import * as fc from 'fast-check';
import t from 'tap';
import { fromIso, toIso } from '../../../collector/api/instants.ts';
import { newAlert } from '../store/control/new-alert.ts';
import { startApi, startedAt, storedEvent } from './start.ts';

t.test('instants survive the way out and back', async (t) => {
  t.equal(toIso(startedAt), '2023-11-14T22:13:20.123456Z');
  t.equal(fromIso('2023-11-14T22:13:20.123456Z'), startedAt);
  t.equal(fromIso('2023-11-14T23:13:20.1+01:00'), 1_700_000_000_100_000);
  t.equal(fromIso('2023-11-14T22:13:20Z'), 1_700_000_000_000_000);
  for (const not of ['', 'now', '2023-11-14', '2023-11-14T22:13:20', '2023-13-14T22:13:20Z', '1700000000']) {
    t.equal(fromIso(not), undefined, not);
  }
  fc.assert(
    fc.property(fc.integer({ min: -(2 ** 51), max: 2 ** 52 }), (at) => {
      t.equal(fromIso(toIso(at)), at);
    }),
    { numRuns: 200 },
  );
});

t.test('what the resources answer', async (t) => {
  const api = await startApi(t);
  const headers = await api.bearer('analyst');
  const get = async (path: string) => (await fetch(`${api.baseUrl}/api/v1${path}`, { headers })).json();
  await api.deps.control.hosts.add('h1', { hostname: 'web-1', os: 'linux', kernel: '6.1' }, startedAt);
  for (let i = 0; i < 5; i++) api.events.events.push(storedEvent(i));
  await api.deps.control.detection.commit(1, [newAlert('a1', { eventIds: ['h1:s1:0:0', 'h1:s1:1:0'] })]);

  t.same(await get('/hosts/h1'), {
    risk: null,
    id: 'h1',
    hostname: 'web-1',
    os: 'linux',
    kernel: '6.1',
    enrolledAt: '2023-11-14T22:13:20.123456Z',
    lastSeenAt: null,
    connected: false,
    state: 'active',
  });
  t.same(await get('/events/h1:s1:0:0'), {
    '@timestamp': '2023-11-14T22:13:20.123456Z',
    'event.id': 'h1:s1:0:0',
    'event.dataset': 'process.start',
    'host.id': 'h1',
    'host.name': 'web-1',
    'process.pid': 1000,
    'process.entity_id': 'entity-0',
    'process.start': '2023-11-14T22:13:20.123451Z',
    'process.name': 'curl',
    'process.executable': '/usr/bin/curl',
    'process.command_line': 'curl -s https://example.org/0',
    'user.name': 'root',
  });
  const { event, ...alert } = await get('/alerts/a1');
  t.match(event, { 'event.id': 'h1:s1:0:0', 'event.dataset': 'process.start', 'process.name': 'bash' });
  const { event: _, ...raised } = newAlert('a1', { eventIds: ['h1:s1:0:0', 'h1:s1:1:0'] });
  const at = '2023-11-14T22:13:20.000000Z';
  t.same(alert, {
    ...raised,
    status: 'open',
    ...{ response: null, confidence: 65, key: null, entity: {}, samples: [] },
    ...{ confidenceReason: 'the rule says medium; its first on this host' },
    ...{ previousId: null, storyId: null, tree: null },
    raisedAt: at,
    firstEventAt: at,
    lastEventAt: at,
    changedAt: null,
    changedBy: null,
    note: null,
    verdict: null,
  });
  t.match(await get('/status'), { version: '0.1.0', startedAt: toIso(startedAt), alerts: { open: 1 } });
  t.match(await get('/alert-counts'), { byStatus: { open: 1 }, openByLevel: { high: 1, critical: 0 } });
  api.rates.push({ second: 1_700_000_000, counts: { 'process.start': 3 } });
  t.same(await get('/rates'), [{ second: 1_700_000_000, counts: { 'process.start': 3 } }]);
  t.match(await get('/rules'), {
    rules: [{ id: 'rule-1', logsource: { product: 'linux' } }],
    problems: [{}],
  });
  const { items } = await get('/event-types');
  t.match(
    items.find((type: { name: string }) => type.name === 'process.start'),
    { logsource: { category: 'process_creation' }, fields: [{ name: 'process.pid', required: true }] },
  );
});

t.test('events are searched by every filter and page by cursor', async (t) => {
  const api = await startApi(t);
  const headers = await api.bearer('viewer');
  for (let i = 0; i < 10; i++) api.events.events.push(storedEvent(i));
  const search = async (query: string) => {
    const answer = await fetch(`${api.baseUrl}/api/v1/events?${query}`, { headers });
    const page: { items: { 'process.pid': number }[]; next: string | null } = await answer.json();
    return { pids: page.items.map((event) => event['process.pid'] - 1000), next: page.next };
  };
  t.same(await search('limit=3'), { pids: [9, 8, 7], next: '7' });
  t.same(await search('limit=3&cursor=2'), { pids: [1, 0], next: null });
  t.same(await search('order=arrival&cursor=8'), { pids: [8, 9], next: '10' });
  t.same(await search('order=arrival&cursor=10'), { pids: [], next: '10' });
  t.same((await search('where=user.name:eq:ROOT')).pids, [8, 6, 4, 2, 0]);
  const colon = encodeURIComponent('process.command_line:contains:https://example.org/4');
  t.same((await search(`where=${colon}&where=process.pid:exists`)).pids, [4]);
  t.same((await search('q=example.org/5')).pids, [5]);
  t.same(
    (await search(`since=${toIso(startedAt + 7_000_000)}&until=${toIso(startedAt + 8_000_000)}`)).pids,
    [8, 7],
  );
  t.same((await search('type=login')).pids, []);
  const filter = (text: string) => search(`filter=${encodeURIComponent(text)}`);
  t.same((await filter('user.name:root and CommandLine:*example.org/4')).pids, [4]);
  t.same((await filter('host:web-* process.pid:<=1001')).pids, [1, 0]);
  t.same((await search('filter=user.name:root&q=example.org/6&host=WEB-1')).pids, [6], 'and the rest too');
});
