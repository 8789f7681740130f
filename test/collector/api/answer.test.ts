/** What every answer can do: some fields only, nothing where nothing changed; health for machines; metrics. */
import t from 'tap';
import { healthCheckNames, healthOf, worstOf } from '../../../collector/health.ts';
import type { CollectorStatus } from '../../../collector/store/contract.ts';
import { startApi, startedAt, storedEvent } from './start.ts';

t.test('fields are picked from objects and from the items of lists', async (t) => {
  const api = await startApi(t);
  await api.deps.control.hosts.add('h1', { hostname: 'web-1', os: 'linux' }, 1);
  api.events.events.push(storedEvent(0));
  const get = async (path: string) => {
    const answer = await fetch(`${api.baseUrl}${path}`, { headers: await api.bearer('viewer') });
    return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
  };
  t.same((await get('/api/v1/hosts?fields=id,hostname')).json, { items: [{ id: 'h1', hostname: 'web-1' }] });
  t.same(Object.keys((await get('/api/v1/status?fields=version,alerts')).json), ['version', 'alerts']);
  const events = (await get('/api/v1/events?fields=event.id,@timestamp,constructor&limit=1')).json;
  t.match(events, { items: [{ 'event.id': 'h1:s1:0:0' }] });
  t.same(Object.keys((events['items'] as object[])[0]!), ['event.id', '@timestamp']);
  t.match(await get('/api/v1/hosts?fields=secret'), {
    status: 400,
    json: { code: 'api.invalid', detail: /no field secret; there are id, / },
  });
  for (const bad of ['', ',', 'a b', '__proto__', 'constructor'])
    t.match(await get(`/api/v1/hosts?fields=${encodeURIComponent(bad)}`), { status: 400 }, bad);
});

t.test('an answer that has not changed is not sent again', async (t) => {
  const api = await startApi(t);
  await api.deps.control.hosts.add('h1', { hostname: 'web-1', os: 'linux' }, 1);
  const headers = await api.bearer('viewer');
  const get = (more: Record<string, string> = {}, query = '') =>
    fetch(`${api.baseUrl}/api/v1/hosts${query}`, { headers: { ...headers, ...more } });
  const first = await get();
  const tag = first.headers.get('etag') ?? '';
  t.match(tag, /^W\/"[\w-]{27}"$/);
  t.equal(first.headers.get('cache-control'), 'private, no-cache');
  const again = await get({ 'if-none-match': `"other", ${tag}` });
  t.equal(again.status, 304);
  t.equal(await again.text(), '');
  t.not((await get({}, '?fields=id')).headers.get('etag'), tag, 'some fields are another answer');
  await api.deps.control.hosts.add('h2', { hostname: 'web-2', os: 'linux' }, 1);
  t.equal((await get({ 'if-none-match': tag })).status, 200, 'changed');
  const open = await fetch(`${api.baseUrl}/health`);
  t.equal(open.headers.get('cache-control'), 'no-store', 'what a browser may see is not kept');
});

const well: CollectorStatus = {
  version: '0.1.0',
  startedAt,
  hosts: [
    {
      ...{ hostId: 'h1', hostName: 'web-1', connected: true, collected: 5, stored: 4, lost: 1 },
      ...{ lostByReason: { 'outbox-full': 1 }, detected: 4, pending: 0, repeats: 0, duplicates: 0 },
      unaccounted: 0,
    },
  ],
  storage: {
    segments: { files: 1, events: 1, sizeBytes: 1 },
    ...{ oldestEventAt: 0, newestEventAt: null, bytesPerDay: null, freeBytes: 1e9, fullAt: null },
    encryption: { key: null, stored: [], isPending: false },
  },
  journal: { events: 1, batches: 1, sizeBytes: 1 },
  detection: {
    ...{ rules: 1, bundle: null, lagBatches: 0, lagMs: 0, damagedBatches: 0 },
    correlations: { groups: 0, sizeBytes: 0, evicted: 0, tooLate: 0, dropped: 0, unusable: 0 },
  },
  alerts: { open: 0, acknowledged: 0, closed: 0 },
};
const day = 86_400_000_000;

t.test('each check of health fails by what it looks at', async (t) => {
  const now = startedAt + day;
  const [host] = well.hosts;
  const statusOf = (over: Partial<CollectorStatus>) =>
    Object.fromEntries(healthOf({ ...well, ...over }, now).map(({ name, status }) => [name, status]));
  const ok = Object.fromEntries(healthCheckNames.map((name) => [name, 'ok']));
  t.same(statusOf({}), ok);
  t.match(statusOf({ hosts: [{ ...host!, connected: false }] }), { ...ok, agents: 'degraded' });
  t.match(statusOf({ hosts: [{ ...host!, unaccounted: 1 }] }), { ...ok, ledger: 'failing' });
  t.match(statusOf({ hosts: [{ ...host!, duplicates: 1 }] }), { ...ok, ledger: 'failing' });
  t.match(statusOf({ detection: { ...well.detection, lagBatches: 1_000 } }), { ...ok, detection: 'failing' });
  t.match(statusOf({ detection: { ...well.detection, rules: 0 } }), { ...ok, detection: 'failing' });
  t.match(statusOf({ detection: { ...well.detection, damagedBatches: 1 } }), {
    ...ok,
    detection: 'degraded',
  });
  t.match(statusOf({ storage: { ...well.storage, fullAt: now + 6 * day } }), { ...ok, storage: 'degraded' });
  t.match(statusOf({ storage: { ...well.storage, fullAt: now + 8 * day } }), ok);
  t.equal(worstOf(healthOf({ ...well, hosts: [{ ...host!, connected: false }] }, now)), 'degraded');
});

t.test('health is told to machines without a credential, and no more than that', async (t) => {
  let rules = 1;
  const api = await startApi(t, {
    status: async () => ({ ...well, detection: { ...well.detection, rules } }),
  });
  const get = async (path: string, headers: Record<string, string> = {}) => {
    const answer = await fetch(`${api.baseUrl}${path}`, { headers });
    return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
  };
  const { status, json } = await get('/health');
  t.equal(status, 200);
  t.same(Object.keys((json['checks'] as object[])[0]!), ['name', 'status'], 'no figures, no names of hosts');
  t.same(await get('/health/detection/'), { status: 200, json: { name: 'detection', status: 'ok' } });
  t.match(await get('/health/nothing'), { status: 404 });
  t.match(await get('/api/v1/health'), { status: 401 });
  const told = await get('/api/v1/health', await api.bearer('viewer'));
  t.match(told.json, { status: 'ok', checks: [{ name: 'collector', detail: /^answers/ }] });
  rules = 0;
  while ((await get('/health')).status !== 503);
  t.match(await get('/health/detection'), { status: 503, json: { status: 'failing' } });
  t.match(await get('/health/ledger'), { status: 200 });
});

t.test('metrics are of the form that Prometheus reads', async (t) => {
  const name = 'we"b\\-1\n# HELP evil';
  const api = await startApi(t, {
    status: async () => ({ ...well, hosts: [{ ...well.hosts[0]!, hostName: name }] }),
  });
  api.rates.push({ second: Math.floor(Date.now() / 1000), counts: { 'process.start': 60 } });
  t.equal((await fetch(`${api.baseUrl}/metrics`)).status, 401);
  const answer = await fetch(`${api.baseUrl}/metrics`, { headers: await api.bearer('viewer') });
  t.match(answer.headers.get('content-type'), /^text\/plain; version=0\.0\.4/);
  const text = await answer.text();
  for (const line of text.split('\n'))
    t.match(
      line,
      /^(?:# (?:HELP|TYPE) vedette_\w+ .*|vedette_\w+(?:\{(?:\w+="(?:[^"\\]|\\["\\n])*",?)+\})? [\d.e+-]+|)$/,
    );
  t.match(text, '\nvedette_host_stored_events{host_id="h1",host_name="we\\"b\\\\-1\\n# HELP evil"} 4\n');
  t.match(text, '\nvedette_lost_events{reason="outbox-full"} 1\n');
  t.match(text, '\nvedette_events_per_second{type="process.start"} 1\n');
  t.match(text, '\nvedette_health{check="ledger"} 0\n');
});
