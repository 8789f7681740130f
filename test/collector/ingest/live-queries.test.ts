/** Live queries between a real collector and connections that answer what the test says. */
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { queryBounds } from '#shared/query/bounds.ts';
import { decodeSchedule } from '#shared/query/schedule.ts';
import type { AuditEntryJson } from '../../../collector/api/resources/audit.ts';
import type { LiveQueryJson } from '../../../collector/api/resources/queries.ts';
import { maxRunning } from '../../../collector/fleet/query/live-queries.ts';
import type { LiveQueryLine } from '../../../collector/store/contract.ts';
import { startTestCollector, type TestCollector } from '../start.ts';
import { RawAgent } from './raw-agent.ts';

const features = ['commands', 'parts', 'schedule'];
const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const none = new Uint8Array(0);

function start({ client }: TestCollector, body: object = {}): Promise<LiveQueryJson> {
  return client.call('POST', '/queries', {}, { sql: 'SELECT pid FROM processes', hosts: ['all'], ...body });
}

async function linesOf({ client }: TestCollector, id: string, after = 0): Promise<LiveQueryLine[]> {
  const lines: LiveQueryLine[] = [];
  for await (const line of client.lines<LiveQueryLine>(`/queries/${id}/results`, { after })) lines.push(line);
  return lines;
}

async function site(t: Test, hosts: Readonly<Record<string, readonly string[]>>) {
  const served = await startTestCollector(t);
  const agents = new Map<
    string,
    { readonly hostId: string; readonly agent: RawAgent; connect(): Promise<RawAgent> }
  >();
  for (const [hostname, known] of Object.entries(hosts)) {
    const identity = await served.enrol({ hostname, os: 'linux' });
    const connect = () =>
      new RawAgent(served.collector.agents, identity).hello({
        features: [...known],
        facts: { hostname, os: 'linux' },
      });
    const agent = await connect();
    agents.set(hostname, { hostId: identity.hostId, agent, connect });
    t.teardown(() => agent.socket.terminate());
  }
  const of = (name: string) => agents.get(name) as NonNullable<ReturnType<typeof agents.get>>;
  return { served, of };
}

/** Takes the query, and gives what answers it. */
async function asked(agent: RawAgent) {
  const command = await agent.frame('command', (f) => f.name === 'query.run');
  let index = 0;
  const { id } = command;
  return {
    command,
    part: (value: unknown, over: object = {}) =>
      agent.send({ kind: 'part', id, index: index++, data: json(value), ...over }),
    end: (over: object = {}) =>
      agent.send({
        ...{ kind: 'result', id, status: 'done', code: '', detail: '', cut: 0 },
        output: json({ columns: ['pid'], rows: 0, cut: 0, isMore: false, tookMs: 12 }),
        ...over,
      }),
  };
}

t.test('rows of each host as they come, what became of it, the end; audited', async (t) => {
  const { served, of } = await site(t, { 'web-1': features, 'web-2': features, 'db-1': features });
  const away = await served.enrol({ hostname: 'web-3', os: 'linux' });
  const query = await start(served, { hosts: ['web-*'], timeoutMs: 2500, rows: 7 });
  t.match(query, { state: 'running', hosts: 3, done: 0, away: 1, by: 'cli' });
  const lines: LiveQueryLine[] = [];
  const reading = (async () => {
    for await (const line of served.client.lines<LiveQueryLine>(`/queries/${query.id}/results`))
      lines.push(line);
  })();
  const one = await asked(of('web-1').agent);
  t.match(one.command.arguments, {
    sql: 'SELECT pid FROM processes',
    timeoutMs: 2500,
    rows: 7,
    stream: true,
  });
  one.part({
    columns: ['pid', 'name'],
    rows: [
      [1, 'init'],
      [2, null],
    ],
  });
  while (lines.length < 3) await sleep(10);
  t.same(
    lines.filter((line) => line.type === 'row').map((line) => line.row),
    [
      { pid: 1, name: 'init' },
      { pid: 2, name: null },
    ],
    'before any host has ended',
  );
  one.end();
  const two = await asked(of('web-2').agent);
  two.end({ status: 'failed', code: 'query.timed_out', detail: 'It took long.', output: none });
  await reading;
  t.same(
    of('db-1').agent.frames.filter((f) => f.kind === 'command'),
    [],
    'who is not meant is not asked',
  );
  const about = (hostId: string) => lines.filter((line) => line.type === 'host' && line.host === hostId);
  t.match(about(of('web-1').hostId), [{ state: 'done', rows: 2, cut: 0, tookMs: 12, hosts: 3 }]);
  t.match(about(of('web-2').hostId), [{ state: 'failed', code: 'query.timed_out', detail: 'It took long.' }]);
  t.match(about(away.hostId), [{ state: 'away', hostName: 'web-3', code: 'query.host_away', answered: 1 }]);
  t.match(lines.at(-1), {
    type: 'end',
    state: 'done',
    hosts: 3,
    done: 1,
    failed: 1,
    away: 1,
    rows: 2,
    cut: 0,
  });
  t.equal(lines.length, 6);
  t.same(await linesOf(served, query.id, 4), lines.slice(4), 'and again, from any line on');
  t.match(await served.client.get(`/queries/${query.id}`), { state: 'done', rows: 2 });
  const { items } = await served.client.get<{ items: AuditEntryJson[] }>('/audit', { action: 'query.start' });
  t.match(items, [
    { actor: 'cli', target: `query ${query.id}`, detail: { sql: 'SELECT pid FROM processes', count: 3 } },
  ]);
  t.match(String(items[0]?.detail['hosts']), `${of('web-1').hostId} (web-1)`);
  await of('web-1').agent.frame('settled', (f) => f.id === one.command.id);
  t.same((await served.client.get<{ items: unknown[] }>('/commands')).items, [], 'nothing of it is kept');
});

t.test('agents that do not know it, by id and by name', async (t) => {
  const { served, of } = await site(t, { old: [], middle: ['commands'] });
  const query = await start(served, { hosts: ['old', of('middle').hostId] });
  const { end, command } = await asked(of('middle').agent);
  end({
    status: 'unknown-kind',
    code: 'command.unknown_kind',
    detail: 'There is no query.run.',
    output: none,
  });
  const lines = await linesOf(served, query.id);
  t.match(
    lines.find((line) => line.type === 'host' && line.hostName === 'old'),
    { state: 'failed', code: 'command.unsupported' },
  );
  t.match(
    lines.find((line) => line.type === 'host' && line.hostName === 'middle'),
    { state: 'failed', code: 'command.unknown_kind' },
  );
  t.match(lines.at(-1), { type: 'end', failed: 2, done: 0 });
  t.match(command.arguments, { stream: true });
  const whole = await start(served, { hosts: ['middle'] });
  const second = await asked(of('middle').agent);
  second.end({ output: json({ columns: ['pid'], values: [[5], [6]], tookMs: 3 }), cut: 4 });
  const rows = await linesOf(served, whole.id);
  t.match(
    rows,
    [{ row: { pid: 5 } }, { row: { pid: 6 } }, { state: 'done', rows: 2, cut: 4 }, { cut: 4 }],
    'rows within the result',
  );
  await t.rejects(start(served, { hosts: ['middle', 'nobody*'] }), { code: 'query.no_host' });
  await t.rejects(start(served, { sql: 'DROP TABLE x' }), { code: 'query.refused' });
  await t.rejects(start(served, { sql: 'SELECT x FROM processes' }), {
    code: 'query.invalid',
    detail: /no such column/,
  });
});

t.test('hostile answers fail their host and no other', async (t) => {
  const { served, of } = await site(t, { good: features, bad: features });
  const hostile: readonly unknown[] = [
    { columns: ['a'], rows: [[1, 2]] },
    { columns: ['a'], rows: [[{ b: 1 }]] },
    { columns: 'a', rows: [] },
    { columns: Array.from({ length: queryBounds.maxColumns + 1 }, (_, i) => `c${i}`), rows: [] },
    [],
    null,
    'x'.repeat(queryBounds.maxPartBytes),
  ];
  for (const value of hostile) {
    const query = await start(served);
    const bad = await asked(of('bad').agent);
    bad.part(value);
    await of('bad').agent.frame('cancel', (f) => f.id === bad.command.id);
    bad.end();
    const good = await asked(of('good').agent);
    // Of another host's command, and of none.
    of('bad').agent.send({
      kind: 'part',
      id: good.command.id,
      index: 0,
      data: json({ columns: ['pid'], rows: [[666]] }),
    });
    of('bad').agent.send({ kind: 'part', id: 'no id', index: 7, data: none });
    good.part({ columns: ['pid'], rows: [[1]] });
    good.end();
    const lines = await linesOf(served, query.id);
    t.match(
      lines.find((line) => line.type === 'host' && line.hostName === 'bad'),
      { state: 'failed', code: 'command.result_malformed' },
    );
    t.same(
      lines.filter((line) => line.type === 'row').map((line) => line.row),
      [{ pid: 1 }],
    );
  }
  const query = await start(served, { hosts: ['bad'] });
  const skipping = await asked(of('bad').agent);
  skipping.part({ columns: ['pid'], rows: [[1]] }, { index: 1 });
  t.match((await linesOf(served, query.id)).at(-1), { failed: 1, rows: 0 }, 'a part is missing before it');
  const odd = await start(served, { hosts: ['bad'] });
  const proto = await asked(of('bad').agent);
  of('bad').agent.send({
    kind: 'part',
    id: proto.command.id,
    index: 0,
    data: Buffer.from('{"columns":["__proto__"],"rows":[["x"]]}'),
  });
  proto.end();
  t.match((await linesOf(served, odd.id)).at(-1), { done: 1, rows: 1 });
});

t.test('canceled: hosts are told, what was answered stays', async (t) => {
  const { served, of } = await site(t, { one: features, two: features });
  const query = await start(served);
  const first = await asked(of('one').agent);
  first.part({ columns: ['pid'], rows: [[1]] });
  first.end();
  const second = await asked(of('two').agent);
  second.part({ columns: ['pid'], rows: [[2]] });
  await of('one').agent.frame('settled');
  while ((await served.client.get<LiveQueryJson>(`/queries/${query.id}`)).rows < 2) await sleep(10);
  t.match(await served.client.call('DELETE', `/queries/${query.id}`), {
    state: 'canceled',
    done: 1,
    failed: 1,
  });
  await of('two').agent.frame('cancel', (f) => f.id === second.command.id);
  second.part({ columns: ['pid'], rows: [[3]] });
  second.end();
  await of('two').agent.frame('settled', (f) => f.id === second.command.id);
  const lines = await linesOf(served, query.id);
  t.match(lines.at(-1), { type: 'end', state: 'canceled', rows: 2, failed: 1 });
  t.match(
    lines.find((line) => line.type === 'host' && line.hostName === 'two'),
    { code: 'query.canceled', rows: 1 },
  );
  const { items } = await served.client.get<{ items: AuditEntryJson[] }>('/audit', {
    action: 'query.cancel',
  });
  t.match(items, [{ actor: 'cli', target: `query ${query.id}` }]);
  t.match(await served.client.call('DELETE', `/queries/${query.id}`), { state: 'canceled' });
});

t.test('a connection that ends, ends the answer of its host', async (t) => {
  const { served, of } = await site(t, { one: features });
  const query = await start(served);
  const { part } = await asked(of('one').agent);
  part({ columns: ['pid'], rows: [[1]] });
  while ((await served.client.get<LiveQueryJson>(`/queries/${query.id}`)).rows < 1) await sleep(10);
  of('one').agent.socket.terminate();
  const lines = await linesOf(served, query.id);
  t.match(lines, [
    { type: 'row' },
    { state: 'failed', code: 'query.connection_lost', rows: 1 },
    { failed: 1 },
  ]);
});

t.test('so many at once, and those who stop listening', async (t) => {
  const { served, of } = await site(t, { one: features });
  const ids: string[] = [];
  for (let i = 0; i < maxRunning; i++) ids.push((await start(served)).id);
  await t.rejects(start(served), { code: 'query.busy' });
  (await asked(of('one').agent)).part({ columns: ['pid'], rows: [[1]] });
  for await (const _ of served.client.lines(`/queries/${ids[0]}/results`)) break;
  const leaving = new AbortController();
  const { api } = served.collector;
  const answer = fetch(`${api}/api/v1/queries/${ids[1]}/results`, { signal: leaving.signal, headers: {} });
  t.equal((await answer).status, 401);
  for (const id of ids) await served.client.call('DELETE', `/queries/${id}`);
  t.match(await start(served), { state: 'running' });
  await of('one').agent.frame('command');
  t.ok(
    served.log.every((line) => Number(line['level']) < 50),
    'nothing went wrong',
  );
});

t.test('scheduled queries go to the hosts they mean, when they connect and when they change', async (t) => {
  const { served, of } = await site(t, { 'web-1': features, 'db-1': features, old: ['commands'] });
  const scheduleOf = async (agent: RawAgent) => {
    const decoded = decodeSchedule((await agent.frame('schedule')).queries);
    if (!decoded.ok) throw decoded.error;
    return decoded.value;
  };
  const [web, db] = [of('web-1').agent, of('db-1').agent];
  t.same(await scheduleOf(web), []);
  t.same(await scheduleOf(db), []);
  const listeners = {
    name: 'listeners',
    sql: 'SELECT port FROM listening_ports',
    intervalSeconds: 60,
    hosts: ['web-*'],
  };
  t.match(await served.client.call('POST', '/query-schedules', {}, listeners), {
    ...listeners,
    enabled: true,
    madeBy: 'cli',
  });
  const query = { name: 'listeners', sql: listeners.sql, intervalS: 60 };
  t.same(await scheduleOf(web), [query]);
  t.same(await scheduleOf(db), []);
  await served.client.call(
    'PATCH',
    '/query-schedules/listeners',
    {},
    { hosts: ['all'], intervalSeconds: 30 },
  );
  t.same(await scheduleOf(web), [{ ...query, intervalS: 30 }]);
  t.same(await scheduleOf(db), [{ ...query, intervalS: 30 }]);
  web.socket.terminate();
  const again = await of('web-1').connect();
  t.same(await scheduleOf(again), [{ ...query, intervalS: 30 }], 'at once when it comes back');
  await served.client.call('PATCH', '/query-schedules/listeners', {}, { enabled: false });
  t.same(await scheduleOf(again), []);
  t.match(await served.client.get('/query-schedules'), {
    items: [{ name: 'listeners', enabled: false, sql: listeners.sql }],
  });
  await served.client.call('DELETE', '/query-schedules/listeners');
  t.same(await scheduleOf(again), []);
  t.same(
    of('old').agent.frames.filter((f) => f.kind === 'schedule'),
    [],
    'an agent that knows none is told nothing',
  );
  const { items } = await served.client.get<{ items: AuditEntryJson[] }>('/audit', { limit: 10 });
  t.same(
    items
      .filter((e) => e.action.startsWith('query-schedule'))
      .map((e) => [e.actor, e.action, e.detail['enabled']]),
    [
      ['cli', 'query-schedule.remove', 0],
      ['cli', 'query-schedule.change', 0],
      ['cli', 'query-schedule.change', 1],
      ['cli', 'query-schedule.make', 1],
    ],
  );
  await served.collector.close();
  const restarted = await startTestCollector(t, served.folder);
  t.same((await restarted.client.get<{ items: unknown[] }>('/query-schedules')).items, []);
  again.socket.terminate();
});
