import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { WebSocket } from 'ws';
import { newAlert } from '../store/control/new-alert.ts';
import { type RunningApi, startApi, storedEvent } from './start.ts';

const feedUrl = (api: RunningApi) => `${api.baseUrl.replace('http', 'ws')}/api/v1/feed`;

class Listener {
  readonly socket: WebSocket;
  readonly #frames: unknown[] = [];
  #wake = () => {};

  constructor(api: RunningApi, headers: Record<string, string>) {
    this.socket = new WebSocket(feedUrl(api), { headers });
    this.socket.on('message', (data) => {
      this.#frames.push(JSON.parse(String(data)));
      this.#wake();
    });
  }

  async next(): Promise<unknown> {
    while (this.#frames.length === 0) await new Promise<void>((resolve) => (this.#wake = resolve));
    return this.#frames.shift();
  }

  async subscribe(topics: readonly string[], more: object = {}): Promise<unknown> {
    if (this.socket.readyState !== WebSocket.OPEN) await once(this.socket, 'open');
    this.socket.send(JSON.stringify({ subscribe: topics, ...more }));
    return await this.next();
  }
}

async function listen(t: Test, api: RunningApi): Promise<Listener> {
  const listener = new Listener(api, await api.bearer('viewer'));
  t.teardown(() => listener.socket.terminate());
  return listener;
}

async function refusal(api: RunningApi, headers: Record<string, string>): Promise<number> {
  const socket = new WebSocket(feedUrl(api), { headers });
  socket.on('error', () => {});
  const [, answer] = await once(socket, 'unexpected-response');
  return answer.statusCode;
}

t.test('a client gets what it asked for, as the resources give it', async (t) => {
  const api = await startApi(t);
  const { bus, control } = api.deps;
  const listener = await listen(t, api);
  t.match(await listener.subscribe(['alert', 'rates']), { subscribed: ['alert', 'rates'] });
  await bus.publish('stored', { events: 3 });
  const [recorded] = await control.detection.commit(1, [newAlert('a1')]);
  await bus.publish('alert', recorded!);
  const headers = await api.bearer('viewer');
  const alert = await (await fetch(`${api.baseUrl}/api/v1/alerts/a1`, { headers })).json();
  t.match(await listener.next(), { topic: 'alert', message: { alert, isNew: true } });
  await bus.publish('rates', { second: 5, counts: { login: 1 } });
  t.match(await listener.next(), { topic: 'rates', message: { second: 5, counts: { login: 1 } } });
  t.match(await listener.subscribe(['host', 'stored']), { subscribed: ['host', 'stored'] });
  await bus.publish('rates', { second: 6, counts: {} });
  for (const events of [4, 30, 200]) await bus.publish('stored', { events });
  t.match(await listener.next(), { topic: 'stored', message: { events: 234 } }, 'told of together');
});

t.test('commands reach the feed, without their output', async (t) => {
  const api = await startApi(t);
  const { control, bus } = api.deps;
  await control.hosts.add('h1', { hostname: 'web-1', os: 'linux' }, 1);
  const listener = await listen(t, api);
  await listener.subscribe(['command']);
  const headers = { ...(await api.bearer('responder')), 'content-type': 'application/json' };
  const body = JSON.stringify({ name: 'agent.status' });
  const made = await fetch(`${api.baseUrl}/api/v1/hosts/h1/commands`, { method: 'POST', headers, body });
  const command = (await made.json()) as { id: string };
  t.match(await listener.next(), { topic: 'command', message: command });
  const result = { status: 'done', code: '', detail: '', output: { ok: true }, cut: 0 } as const;
  const entry = { at: 1, actor: 'host h1', action: 'command.answer', target: 'host h1', detail: {} };
  const answered = await control.commands.answer(command.id, 'h1', result, 5, entry);
  await bus.publish('command', answered!);
  t.match(await listener.next(), { message: { state: 'done', output: null } });
});

t.test('a change through the API reaches the feed', async (t) => {
  const api = await startApi(t);
  await api.deps.control.detection.commit(1, [newAlert('a1')]);
  const listener = await listen(t, api);
  await listener.subscribe(['alert']);
  await fetch(`${api.baseUrl}/api/v1/alerts/a1`, {
    method: 'PATCH',
    headers: { ...(await api.bearer('analyst')), 'content-type': 'application/json' },
    body: JSON.stringify({ status: 'closed' }),
  });
  t.match(await listener.next(), {
    topic: 'alert',
    message: { isNew: false, alert: { id: 'a1', status: 'closed', changedBy: 'analyst' } },
  });
});

t.test('events that a filter holds for arrive as they are stored', async (t) => {
  const api = await startApi(t);
  const { bus } = api.deps;
  const at = Date.now() * 1000 + 1_000_000;
  const store = async (index: number, name: string) => {
    api.events.events.push(storedEvent(index, { time: at + index, 'process.name': name }));
    await bus.publish('stored', { events: 1 });
  };
  api.events.events.push(storedEvent(0, { 'process.name': 'curl' }));
  const listener = await listen(t, api);
  const curl = { events: { filter: 'process.name:curl' } };
  t.match(await listener.subscribe([], curl), { subscribed: [], events: 'process.name:curl' });
  const other = await listen(t, api);
  await other.subscribe([], { events: { filter: 'process.name:wget' } });
  await store(1, 'wget');
  await store(2, 'curl');
  t.match(await listener.next(), {
    topic: 'events',
    message: { items: [{ 'event.id': 'h1:s1:2:0', 'process.name': 'curl' }], skipped: null },
  });
  t.match(await other.next(), { message: { items: [{ 'event.id': 'h1:s1:1:0' }] } });
  await listener.subscribe(['stored']);
  await store(3, 'curl');
  t.match(await listener.next(), { topic: 'stored' }, 'no longer asked for');
});

t.test('a follower that falls far behind is told what it did not see', async (t) => {
  let aheadUs = 0;
  const api = await startApi(t, { now: () => Date.now() * 1000 + aheadUs });
  const { bus } = api.deps;
  const listener = await listen(t, api);
  await listener.subscribe([], { events: { filter: 'type:process.start' } });
  api.events.events.push(storedEvent(0, { time: Date.now() * 1000 + 5_000_000 }));
  await bus.publish('stored', { events: 1 });
  t.match(await listener.next(), { message: { items: { length: 1 } } });
  aheadUs = 60_000_000;
  api.events.events.push(storedEvent(1, { time: Date.now() * 1000 }));
  await bus.publish('stored', { events: 1 });
  t.match(await listener.next(), { message: { items: [], skipped: { from: /Z$/, to: /Z$/ } } });
});

t.test('there is a most of filters that are followed', async (t) => {
  const api = await startApi(t);
  for (let i = 0; i < 32; i++)
    await (await listen(t, api)).subscribe([], { events: { filter: `process.pid:${i}` } });
  const again = await listen(t, api);
  t.match(await again.subscribe([], { events: { filter: 'process.pid:1' } }), { events: 'process.pid:1' });
  const one = await listen(t, api);
  await once(one.socket, 'open');
  one.socket.send(JSON.stringify({ subscribe: [], events: { filter: 'process.pid:99' } }));
  t.equal((await once(one.socket, 'close'))[0], 4503);
});

t.test('a client that comes back gets what it missed, or is told that it cannot', async (t) => {
  const api = await startApi(t);
  const { bus, control } = api.deps;
  const publish = async (...ids: readonly string[]) => {
    for (const id of ids) {
      const cursor = (await control.detection.cursor()) + 1;
      const [recorded] = await control.detection.commit(cursor, [newAlert(id)]);
      await bus.publish('alert', recorded!);
      await bus.publish('rates', { second: 1, counts: {} });
    }
  };
  const first = await listen(t, api);
  const { run } = (await first.subscribe(['alert'])) as { run: string };
  await publish('a1');
  const { number } = (await first.next()) as { number: number };
  first.socket.terminate();
  await publish('a2', 'a3');
  const back = await listen(t, api);
  t.match(await back.subscribe(['alert', 'rates'], { since: { run, number } }), { resumed: true, run });
  t.match(await back.next(), { topic: 'alert', message: { alert: { id: 'a2' } } });
  t.match(await back.next(), { topic: 'alert', message: { alert: { id: 'a3' } } });
  await publish('a4');
  t.match(await back.next(), { message: { alert: { id: 'a4' } } }, 'nothing twice, nothing between');
  const stranger = await listen(t, api);
  t.match(await stranger.subscribe(['alert'], { since: { run: 'other', number } }), { resumed: false });
  const ahead = await listen(t, api);
  t.match(await ahead.subscribe(['alert'], { since: { run, number: 1e9 } }), { resumed: false });
  const large = newAlert('large', { reason: 'x'.repeat(100_000) });
  const [recorded] = await control.detection.commit((await control.detection.cursor()) + 1, [large]);
  for (let i = 0; i < 100; i++) await bus.publish('alert', recorded!);
  const late = await listen(t, api);
  t.match(await late.subscribe(['alert'], { since: { run, number } }), { resumed: false }, 'too long ago');
});

t.test('nobody listens without a credential or from another site', async (t) => {
  const api = await startApi(t);
  t.equal(await refusal(api, {}), 401);
  t.equal(await refusal(api, { authorization: 'Bearer wrong' }), 401);
  const { url } = await api.deps.auth.createSignInLink(api.baseUrl);
  const session = await api.deps.auth.exchange(new URL(url).hash.slice('#sign-in='.length));
  const cookie = `vedette_session=${session?.secret}`;
  t.equal(await refusal(api, { cookie, origin: 'https://evil.example' }), 403);
  const own = new Listener(api, { cookie, origin: api.baseUrl });
  t.teardown(() => own.socket.terminate());
  t.match(await own.subscribe(['alert']), { subscribed: ['alert'] });
  const plain = await fetch(`${api.baseUrl}/api/v1/feed`, { headers: { cookie } });
  t.equal(plain.status, 404, 'a plain request is told so');
});

t.test('messages that are not subscriptions end the connection with a code', async (t) => {
  const api = await startApi(t);
  for (const message of [
    'x',
    '[]',
    'null',
    '{"subscribe":["all"]}',
    '{"subscribe":"alert"}',
    '{"subscribe":["events"]}',
    '{"subscribe":[],"events":{}}',
    '{"subscribe":[],"events":{"filter":"no.such.field:1"}}',
    '{"subscribe":[],"since":{"run":1,"number":1}}',
    '{"subscribe":[],"since":null}',
    Buffer.from([1]),
  ]) {
    const listener = await listen(t, api);
    await once(listener.socket, 'open');
    listener.socket.send(message);
    const [code, reason] = await once(listener.socket, 'close');
    t.equal(code, 4432);
    t.match(String(reason), /^feed.message_invalid/);
  }
  const large = await listen(t, api);
  await once(large.socket, 'open');
  large.socket.send('x'.repeat(5_000));
  const [code] = await once(large.socket, 'close');
  t.ok([1006, 1009].includes(code), 'larger than the bound');
});

t.test('a client that does not read is dropped and counted; the others go on', async (t) => {
  const api = await startApi(t, { feed: { maxWaitingBytes: 64 * 1024 } });
  const { bus } = api.deps;
  const good = await listen(t, api);
  await good.subscribe(['alert']);
  const slow = await listen(t, api);
  await slow.subscribe(['alert']);
  slow.socket.pause();
  const big = newAlert('big', { reason: 'x'.repeat(200_000) });
  const alert = {
    ...big,
    status: 'open',
    changedAt: null,
    changedBy: null,
    note: null,
    verdict: null,
    ...{ key: null, confidence: 60, confidenceReason: '', response: null, entity: {}, samples: [] },
    ...{ previousId: null, storyId: null, tree: null },
  } as const;
  let sent = 0;
  while (api.app.feedCounters.dropped === 0 && sent < 500) {
    await bus.publish('alert', { alert, isNew: true });
    await good.next();
    sent++;
  }
  t.match(api.app.feedCounters, { dropped: 1, clients: 1 });
  await bus.publish('alert', { alert: { ...alert, id: 'last', reason: '' }, isNew: true });
  t.match(await good.next(), { message: { alert: { id: 'last' } } });
});

t.test('a client that answers no ping is dropped, one that does stays', async (t) => {
  // Long enough for an answer on a machine that is busy.
  const pingMs = 1_000;
  const api = await startApi(t, { feed: { pingMs } });
  const good = await listen(t, api);
  await good.subscribe(['rates']);
  const dead = new WebSocket(feedUrl(api), { headers: await api.bearer('viewer'), autoPong: false });
  t.teardown(() => dead.terminate());
  const [code] = await once(dead, 'close');
  t.equal(code, 4408);
  await setTimeout(2 * pingMs);
  t.equal(good.socket.readyState, WebSocket.OPEN);
});

t.test('a revoked credential ends its feed', async (t) => {
  const api = await startApi(t, { feed: { pingMs: 50 } });
  const { token, id } = await api.deps.auth.createToken('ci', 'viewer');
  const listener = new Listener(api, { authorization: `Bearer ${token}` });
  await listener.subscribe(['rates']);
  await api.deps.auth.revoke(id);
  const [code] = await once(listener.socket, 'close');
  t.equal(code, 4433);
});

t.test('there is a most of clients', async (t) => {
  const api = await startApi(t, { feed: { maxClients: 1 } });
  const first = await listen(t, api);
  await first.subscribe(['rates']);
  const second = await listen(t, api);
  const [code] = await once(second.socket, 'close');
  t.equal(code, 4503);
  t.match(api.app.feedCounters, { clients: 1, refused: 1 });
});

t.test('closing says so and does not wait for who does not answer', async (t) => {
  const api = await startApi(t);
  const listener = await listen(t, api);
  await listener.subscribe(['rates']);
  const deaf = await listen(t, api);
  await deaf.subscribe(['rates']);
  deaf.socket.pause();
  const half = connect(Number(new URL(api.baseUrl).port), '127.0.0.1');
  half.on('error', () => {});
  await once(half, 'connect');
  half.write('GET /health HTTP/1.1\r\nHost: x\r\n');
  const closed = once(listener.socket, 'close');
  const startedAt = performance.now();
  await api.app.close();
  t.ok(performance.now() - startedAt < 3_000);
  const [code] = await closed;
  t.equal(code, 4001);
});
