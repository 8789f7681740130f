/** Commands between a real collector and a connection that says what the test wants. */
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { maxOutputBytes, maxOutputDepth, maxUnsettled } from '#shared/commands/spec.ts';
import { catalogue } from '#shared/errors.ts';
import type { CollectorFrame } from '#shared/protocol/frames.ts';
import type { CommandJson } from '../../../collector/api/json/command.ts';
import type { AuditEntryJson } from '../../../collector/api/resources/audit.ts';
import { Commands, maxOpenCommands } from '../../../collector/fleet/commands.ts';
import { openControlStore } from '../../../collector/store/control/open.ts';
import { batchOf, numbered } from '../../events.ts';
import { startTestCollector, type TestCollector } from '../start.ts';
import { RawAgent } from './raw-agent.ts';

type CommandFrame = CollectorFrame & { readonly kind: 'command' };
const json = (value: unknown) => Buffer.from(JSON.stringify(value));

function give({ client }: TestCollector, hostId: string, body: object = {}): Promise<CommandJson> {
  return client.call('POST', `/hosts/${hostId}/commands`, {}, { name: 'agent.status', ...body });
}

async function answer(agent: RawAgent, id: string, over: object = {}): Promise<void> {
  const result = {
    kind: 'result',
    id,
    status: 'done',
    code: '',
    detail: '',
    output: json({ ok: 1 }),
    cut: 0,
  } as const;
  agent.send({ ...result, ...over });
  await agent.frame('settled', (f) => f.id === id);
}

async function actionsOn({ client }: TestCollector, id: string): Promise<string[]> {
  const { items } = await client.get<{ items: AuditEntryJson[] }>('/audit', { limit: 500 });
  return items
    .filter((e) => e.detail['command'] === id)
    .map((e) => `${e.actor}: ${e.action}`)
    .reverse();
}

async function site(t: Test) {
  const served = await startTestCollector(t);
  const identity = await served.enrol();
  const connect = () => new RawAgent(served.collector.agents, identity).hello({ features: ['commands'] });
  return {
    served,
    identity,
    connect,
    get: (id: string) => served.client.get<CommandJson>(`/commands/${id}`),
  };
}

t.test('made, sent, answered, settled; every step is audited', async (t) => {
  const { served, identity, connect, get } = await site(t);
  const agent = await connect();
  const made = await give(served, identity.hostId, {
    name: 'sensor.sample',
    arguments: { sensor: 'process', limit: 5 },
    lifeSeconds: 60,
  });
  t.match(made, { state: 'sent', sends: 1, issuedBy: 'cli', hostId: identity.hostId });
  const frame: CommandFrame = await agent.frame('command');
  t.match(frame, { id: made.id, name: 'sensor.sample', arguments: { sensor: 'process', limit: 5 } });
  t.equal(frame.expiresAt - frame.issuedAt, 60e6);
  await answer(agent, made.id, { output: json({ events: [1, 2] }), cut: 3 });
  t.match(await get(made.id), { state: 'done', output: { events: [1, 2] }, cut: 3, code: '' });
  await answer(agent, made.id, { status: 'failed', code: 'command.failed' });
  t.match(await get(made.id), { state: 'done' }, 'the first answer stands');
  t.same(await actionsOn(served, made.id), [
    'cli: command.make',
    'collector: command.send',
    `host ${identity.hostId}: command.answer`,
  ]);
  t.match(await served.client.get('/audit/verification'), { broken: null });
  agent.socket.close();
});

t.test(
  'sent again over every connection until it is answered, and after a restart of the collector',
  async (t) => {
    const { served, identity, connect, get } = await site(t);
    const { id } = await give(served, identity.hostId);
    t.match(await get(id), { state: 'queued', sends: 0 });
    const first = await connect();
    const one = await first.frame('command', (f) => f.id === id);
    first.socket.terminate();
    const second = await connect();
    const two = await second.frame('command', (f) => f.id === id);
    t.same(two, one, 'word for word: the id is what the agent goes by');
    await served.collector.close();
    const again = await startTestCollector(t, served.folder);
    const third = await new RawAgent(again.collector.agents, identity).hello({ features: ['commands'] });
    await third.frame('command', (f) => f.id === id);
    await answer(third, id);
    t.match(await again.client.get(`/commands/${id}`), { state: 'done', sends: 3 });
    t.same(
      (await actionsOn(again, id)).filter((a) => a.endsWith('send')).length,
      1,
      'the first sending is in the log',
    );
    third.socket.terminate();
    const fourth = await new RawAgent(again.collector.agents, identity).hello({ features: ['commands'] });
    fourth.send({ kind: 'ping', sentAt: 1, pending: 0 });
    await fourth.frame('ping');
    t.notOk(
      fourth.frames.some((f) => f.kind === 'command'),
      'answered, it is not sent any more',
    );
    fourth.socket.close();
  },
);

t.test('an agent that knows no commands is sent none', async (t) => {
  const { served, identity, get } = await site(t);
  const { id } = await give(served, identity.hostId);
  const old = await new RawAgent(served.collector.agents, identity).hello();
  await t.rejects(give(served, identity.hostId), { code: 'command.unsupported' });
  old.send({ kind: 'ping', sentAt: 1, pending: 0 });
  await old.frame('ping');
  t.notOk(old.frames.some((f) => f.kind === 'command'));
  t.match(await get(id), { state: 'queued' }, 'it waits for one that does');
  old.socket.close();
});

t.test('a result counts only from the host that was told', async (t) => {
  const { served, identity, connect, get } = await site(t);
  const agent = await connect();
  const { id } = await give(served, identity.hostId);
  const other = await new RawAgent(served.collector.agents, await served.enrol()).hello({
    features: ['commands'],
  });
  await answer(other, id, { output: json({ forged: true }) });
  await answer(other, id, { output: json({ forged: true }) });
  t.match(await get(id), { state: 'sent', output: null });
  t.match(
    served.log.filter((line) => line['msg'] === 'an agent answered a command of another host'),
    [{ command: id, of: identity.hostId }],
    'and it is logged',
  );
  for (const stray of ['f'.repeat(16), '../../etc/passwd', '']) await answer(other, stray);
  t.same(await actionsOn(served, id), ['cli: command.make', 'collector: command.send']);
  await answer(agent, id);
  t.match(await get(id), { state: 'done' });
  agent.socket.close();
  other.socket.close();
});

t.test('an answer that cannot be one ends its command, and nothing else', async (t) => {
  const { served, identity, connect, get } = await site(t);
  const agent = await connect();
  const deep = JSON.parse(`${'{"a":'.repeat(maxOutputDepth + 1)}1${'}'.repeat(maxOutputDepth + 1)}`);
  const wrong: readonly object[] = [
    { status: 'queued' },
    { status: 'great' },
    { status: 'failed', code: 'no.such_code' },
    { status: 'failed', code: '' },
    { status: 'done', code: 'toString' },
    { output: json([1]) },
    { output: Buffer.from('{"half":') },
    { output: Buffer.from([0x7b, 0xff, 0x7d]) },
    { output: Buffer.from(`${'['.repeat(100_000)}`) },
    { output: json(deep) },
    { output: json({ text: 'x'.repeat(maxOutputBytes) }) },
  ];
  for (const over of wrong) {
    const { id } = await give(served, identity.hostId);
    await answer(agent, id, over);
    t.match(await get(id), { state: 'failed', code: 'command.result_malformed', output: null });
  }
  const stream = 'ab'.repeat(8);
  agent.send({ kind: 'batch', stream, sequence: 1, collected: 1, data: batchOf(numbered(1)).data });
  t.ok(await agent.frame('ack', (f) => f.mark === 1), 'events go on');
  agent.socket.close();
});

t.test('results before hello, and more at once than an agent sends, end the connection', async (t) => {
  const { served, identity, connect } = await site(t);
  const result = {
    kind: 'result',
    status: 'done',
    code: '',
    detail: '',
    output: new Uint8Array(0),
    cut: 0,
  } as const;
  const early = await new RawAgent(served.collector.agents, identity).open();
  early.send({ ...result, id: '0'.repeat(16) });
  t.match(await early.closed, { status: catalogue['wire.frame_unexpected'].close });
  const flood = await connect();
  for (let i = 0; i < 40 * maxUnsettled; i++) flood.send({ ...result, id: i.toString(16).padStart(16, '0') });
  t.match(await flood.closed, { status: catalogue['wire.credit_exceeded'].close });
});

t.test('a bounded number open for each host', async (t) => {
  const { served, identity } = await site(t);
  for (let i = 0; i < maxOpenCommands; i++) await give(served, identity.hostId);
  await t.rejects(give(served, identity.hostId), { code: 'command.busy' });
  const other = await served.enrol();
  t.match(await give(served, other.hostId), { state: 'queued' });
});

t.test('expired by the collector: told, audited, not sent; a late answer is taken', async (t) => {
  const { served, identity, connect, get } = await site(t);
  const { id } = await give(served, identity.hostId, { lifeSeconds: 1 });
  while ((await get(id)).state === 'queued') await sleep(50);
  t.match(await get(id), {
    state: 'expired',
    code: 'command.expired',
    detail: 'The host was not there to take it.',
  });
  t.same((await actionsOn(served, id)).at(-1), 'collector: command.expire');
  const agent = await connect();
  agent.send({ kind: 'ping', sentAt: 1, pending: 0 });
  await agent.frame('ping');
  t.notOk(agent.frames.some((f) => f.kind === 'command'));
  agent.socket.close();
});

t.test('a sent command has its time to run before it counts as not answered', async (t) => {
  const store = await openControlStore(`${t.testdir()}/control.db`, { durable: false });
  t.teardown(() => store.close());
  const told: string[] = [];
  const commands = new Commands({
    store: store.commands,
    hostExists: async () => true,
    changed: (command) => told.push(command.state),
    log: () => undefined,
  });
  const link = { hostId: 'h1', features: ['commands'], send: () => undefined };
  await commands.opened(link);
  const given = await commands.give({
    hostId: 'h1',
    name: 'agent.flush',
    arguments: {},
    lifeMs: 1000,
    by: 'ada',
  });
  if (!given.ok) throw given.error;
  const { id, expiresAt } = given.value;
  await commands.look(expiresAt + 39e6);
  t.match(await store.commands.get(id), { state: 'sent' }, '10 s to run and 30 s to answer');
  await commands.look(expiresAt + 40e6);
  t.match(await store.commands.get(id), {
    state: 'expired',
    detail: 'It was sent, and nobody answered; it may have run.',
  });
  const late = {
    kind: 'result',
    id,
    status: 'done',
    code: '',
    detail: '',
    output: json({}),
    cut: 0,
  } as const;
  await commands.result(link, late);
  t.match(await store.commands.get(id), { state: 'done' });
  await commands.result(link, late);
  t.equal(commands.strayResults, 1);
  t.same(told, ['sent', 'sent', 'expired', 'done']);
  await commands.look(expiresAt + 31 * 86_400e6);
  t.equal(await store.commands.get(id), undefined, 'a month later it is gone');
  t.match(await store.audit.verify(), { entries: 4, broken: null }, 'and the log is not');
});
