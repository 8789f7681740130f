/** GraphQL over real operations: what it gives is what they give, with their checks; its bounds; subscriptions. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import t, { type Test } from 'tap';
import { WebSocket } from 'ws';
import { maxDepth, maxFields, maxRootFields } from '../../../collector/api/graphql/cost.ts';
import type { Role } from '../../../collector/store/contract.ts';
import { newAlert } from '../store/control/new-alert.ts';
import { type RunningApi, startApi, storedEvent } from './start.ts';

interface Answer {
  readonly data: Record<string, unknown> | null;
  readonly errors?: readonly { readonly message: string; readonly extensions?: Record<string, unknown> }[];
}

async function asking(api: RunningApi, role: Role) {
  const headers = { ...(await api.bearer(role)), 'content-type': 'application/json' };
  return async (query: string, variables: object = {}, more: object = {}): Promise<Answer> => {
    const answer = await fetch(`${api.baseUrl}/graphql`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ query, variables, ...more }),
    });
    return (await answer.json()) as Answer;
  };
}

async function withAlerts(t: Test, count: number): Promise<RunningApi> {
  const api = await startApi(t);
  for (const id of ['h1', 'h2'])
    await api.deps.control.hosts.add(id, { hostname: `name-of-${id}`, os: 'linux' }, 1);
  const alerts = Array.from({ length: count }, (_, i) =>
    newAlert(`a${i}`, { hostId: i % 2 === 0 ? 'h1' : 'h2', raisedAt: i + 1 }),
  );
  await api.deps.control.detection.commit(1, alerts);
  return api;
}

t.test('queries give what the operations give', async (t) => {
  const api = await withAlerts(t, 3);
  api.events.events.push(storedEvent(0), storedEvent(1));
  const ask = await asking(api, 'viewer');
  const { data, errors } = await ask(`{
    alertList(limit: 2) { items { id level tags host { hostname } } next }
    status { version detection { rules } hosts { hostName host { os } } }
    eventList(filter: "process.name:curl", type: ["process.start"], limit: 1) { items }
    host(id: "h1") { hostname }
  }`);
  t.equal(errors, undefined);
  t.match(data, {
    alertList: {
      items: [
        { id: 'a2', host: { hostname: 'name-of-h1' } },
        { id: 'a1', host: { hostname: 'name-of-h2' } },
      ],
      next: String,
    },
    status: { detection: { rules: 1 }, hosts: [{ host: { os: 'linux' } }, {}] },
    eventList: { items: [{ 'event.id': 'h1:s1:1:0' }] },
    host: { hostname: 'name-of-h1' },
  });
  const next = (data as { alertList: { next: string } }).alertList.next;
  const page = await ask('query ($cursor: String) { alertList(cursor: $cursor) { items { id } } }', {
    cursor: next,
  });
  t.match(page.data, { alertList: { items: [{ id: 'a0' }] } });
});

t.test('short queries and mutations', async (t) => {
  const api = await withAlerts(t, 3);
  api.events.events.push(storedEvent(0), storedEvent(1));
  const ask = await asking(api, 'analyst');
  t.match((await ask('{ events(limit: 10, offset: 1) { event_id event_type timestamp data } }')).data, {
    events: [{ event_id: 'h1:s1:0:0', event_type: 'process.start', data: { 'process.name': 'curl' } }],
  });
  t.match((await ask('{ events(event_type: "login") { event_id } }')).data, { events: [] });
  t.match((await ask('{ analytics_alerts(limit: 1, offset: 1) { id } }')).data, {
    analytics_alerts: [{ id: 'a1' }],
  });
  const { data } = await ask(
    '{ systemHealth { status checks { name status value message } } system_health { status } analytics_metrics { name value unit } }',
  );
  t.match(data, { systemHealth: { checks: [{ name: 'collector' }] }, system_health: { status: String } });
  t.ok((data as { analytics_metrics: object[] }).analytics_metrics.length > 5);
  t.match((await ask('mutation { acknowledgeAlert(id: "a1", note: "seen") { id status note } }')).data, {
    acknowledgeAlert: { id: 'a1', status: 'acknowledged', note: 'seen' },
  });
  t.match(
    (await ask('mutation { resolveAlert(id: "a1", verdict: "false-positive") { status verdict } }')).data,
    {
      resolveAlert: { status: 'closed', verdict: 'false-positive' },
    },
  );
  const { items } = await api.deps.control.audit.list({ action: 'alert.change' }, 10);
  t.equal(items.length, 2, 'in the audit log like any change');
});

t.test('whoever may not do a thing may not do it here', async (t) => {
  const api = await withAlerts(t, 1);
  const ask = await asking(api, 'viewer');
  const { data, errors } = await ask('mutation { acknowledgeAlert(id: "a0") { id } }');
  t.equal(data, null);
  t.match(errors, [{ extensions: { code: 'api.forbidden', status: 403 } }]);
  t.match((await ask('{ auditList { items { action } } }')).errors, [
    { extensions: { code: 'api.forbidden' } },
  ]);
  t.match((await ask('{ alert(id: "none") { id } }')).errors, [{ extensions: { code: 'api.not_found' } }]);
  t.match((await ask('{ eventList(filter: "no.field:1") { next } }')).errors, [
    { extensions: { code: 'filter.unknown_field' } },
  ]);
  const path = await ask('{ alert(id: "../hosts") { id } }');
  t.match(path.errors, [{ extensions: { code: 'api.not_found' } }], 'an argument is no path');
  for (const headers of [{}, { authorization: 'Bearer nonsense' }] as Record<string, string>[]) {
    const answer = await fetch(`${api.baseUrl}/graphql?query={__typename}`, { headers });
    t.match(await answer.json(), { status: 401, code: 'api.unauthenticated' });
  }
  const change = new URLSearchParams({ query: 'mutation { acknowledgeAlert(id: "a0") { id } }' });
  const byGet = await fetch(`${api.baseUrl}/graphql?${change}`, { headers: await api.bearer('admin') });
  t.not(((await byGet.json()) as Answer).errors, undefined, 'nothing is changed by GET');
  t.equal((await api.deps.control.alerts.get('a0'))?.status, 'open');
});

t.test('another site can neither ask nor listen with the cookie of a session', async (t) => {
  const api = await withAlerts(t, 1);
  const { url } = await api.deps.auth.createSignInLink(api.baseUrl);
  const session = await api.deps.auth.exchange(new URL(url).hash.slice('#sign-in='.length));
  const cookie = `vedette_session=${session?.secret}`;
  const post = (headers: Record<string, string>) =>
    fetch(`${api.baseUrl}/graphql`, {
      method: 'POST',
      headers: { cookie, 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query: 'mutation { acknowledgeAlert(id: "a0") { status } }' }),
    });
  for (const headers of [{}, { origin: 'https://evil.example' }, { origin: api.baseUrl }] as Record<
    string,
    string
  >[])
    t.match(await (await post(headers)).json(), { code: 'api.cross_site' });
  const own = await post({ origin: api.baseUrl, 'x-vedette-request': '1' });
  t.match(await own.json(), { data: { acknowledgeAlert: { status: 'acknowledged' } } });
  const socket = new WebSocket(`${api.baseUrl.replace('http', 'ws')}/graphql`, 'graphql-transport-ws', {
    headers: { cookie, origin: 'https://evil.example' },
  });
  socket.on('error', () => {});
  const [, answer] = await once(socket, 'unexpected-response');
  t.equal(answer.statusCode, 403);
});

t.test('hosts of a list are loaded once', async (t) => {
  const api = await withAlerts(t, 50);
  let lists = 0;
  const { hosts } = api.deps.control;
  const list = hosts.list.bind(hosts);
  Object.assign(hosts, {
    list: () => {
      lists++;
      return list();
    },
  });
  const ask = await asking(api, 'viewer');
  const { data } = await ask('{ alertList(limit: 50) { items { host { hostname } } } }');
  t.equal((data as { alertList: { items: object[] } }).alertList.items.length, 50);
  t.equal(lists, 1);
});

t.test('a document has bounds', async (t) => {
  const api = await withAlerts(t, 1);
  const ask = await asking(api, 'viewer');
  const roots = (n: number) =>
    `{ ${Array.from({ length: n }, (_, i) => `s${i}: status { version }`).join(' ')} }`;
  t.equal((await ask(roots(maxRootFields))).errors, undefined);
  t.match((await ask(roots(maxRootFields + 1))).errors, [{ message: /the most are 20/ }]);
  const wide = Array.from({ length: maxFields }, (_, i) => `v${i}: version`).join(' ');
  t.match((await ask(`{ status { ${wide} } }`)).errors, [{ message: /more than 1000 fields/ }]);
  const deep = `{ __schema { types { ${'ofType { '.repeat(0)} fields { ${'type { ofType { '.repeat(maxDepth)} name ${'} }'.repeat(maxDepth)} } } } }`;
  t.ok((await ask(deep)).errors, 'too deep');
  // Fragments that double what they hold: small to send, large to answer.
  let doubling = 'fragment f0 on Status { version }';
  for (let i = 1; i < 14; i++)
    doubling += ` fragment f${i} on Status { a: version ...f${i - 1} ...f${i - 1} }`;
  t.match((await ask(`${doubling} { status { ...f13 } }`)).errors, [{ message: /more than 1000 fields/ }]);
  const cycle = 'fragment a on Status { ...b } fragment b on Status { ...a } { status { ...a } }';
  t.ok((await ask(cycle)).errors);
  for (const bad of ['', '{', '{ nothing }', 'subscription { newAlerts { id } }', '{ status }'])
    t.ok((await ask(bad)).errors, JSON.stringify(bad));
  const answer = await fetch(`${api.baseUrl}/graphql`, {
    method: 'POST',
    headers: { ...(await api.bearer('viewer')), 'content-type': 'application/json' },
    body: JSON.stringify([{ query: '{ status { version } }' }]),
  });
  t.not(answer.status, 200, 'no batches');
  const large = await ask(`{ status { version } } ${'#'.repeat(100_000)}`);
  t.match(large, { code: 'api.too_large' });
});

t.test('a document may be kept by its hash', async (t) => {
  const api = await withAlerts(t, 1);
  const ask = await asking(api, 'viewer');
  const query = '{ status { version } }';
  const sha256Hash = createHash('sha256').update(query).digest('hex');
  const extensions = { persistedQuery: { version: 1, sha256Hash } };
  t.match((await ask('', {}, { query: undefined, extensions })).errors, [
    { message: /PersistedQueryNotFound/ },
  ]);
  t.match((await ask(query, {}, { extensions })).data, { status: { version: '0.1.0' } });
  t.match((await ask('', {}, { query: undefined, extensions })).data, { status: { version: '0.1.0' } });
});

t.test('alerts arrive where they are subscribed to', async (t) => {
  const api = await withAlerts(t, 0);
  const url = `${api.baseUrl.replace('http', 'ws')}/graphql`;
  const open = async (headers: Record<string, string>) => {
    const socket = new WebSocket(url, 'graphql-transport-ws', { headers });
    t.teardown(() => socket.terminate());
    const frames: Record<string, unknown>[] = [];
    let wake = () => {};
    socket.on('message', (data) => {
      frames.push(JSON.parse(String(data)));
      wake();
    });
    await once(socket, 'open');
    const next = async () => {
      while (frames.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      return frames.shift();
    };
    socket.send(JSON.stringify({ type: 'connection_init' }));
    t.match(await next(), { type: 'connection_ack' });
    return { socket, next };
  };
  const { socket, next } = await open(await api.bearer('viewer'));
  const subscribe = (id: string, query: string) =>
    socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query } }));
  subscribe('1', 'subscription { newAlerts { id ruleTitle host { hostname } } }');
  subscribe('2', 'subscription { alertUpdates { id status } }');
  subscribe('3', 'subscription { nothing { id } }');
  t.match(await next(), { id: '3', type: 'error' }, 'so the first two are at work');
  const { control, bus } = api.deps;
  const [raised] = await control.detection.commit(2, [newAlert('a1', { hostId: 'h1' })]);
  await bus.publish('alert', raised!);
  const got = [await next(), await next()].sort((a, b) => (String(a?.['id']) < String(b?.['id']) ? -1 : 1));
  t.match(got, [
    { id: '1', payload: { data: { newAlerts: { id: 'a1', host: { hostname: 'name-of-h1' } } } } },
    { id: '2', payload: { data: { alertUpdates: { id: 'a1', status: 'open' } } } },
  ]);
  const changed = await control.alerts.setStatus('a1', 'closed', 'ada', null, 5, null);
  await bus.publish('alert', { alert: changed!, isNew: false });
  t.match(await next(), { id: '2', payload: { data: { alertUpdates: { status: 'closed' } } } });
});
