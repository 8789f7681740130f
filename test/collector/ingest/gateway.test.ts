import { once } from 'node:events';
import { pack } from 'msgpackr';
import t from 'tap';
import { catalogue, type ErrorCode } from '#shared/errors.ts';
import { maxFrameBytes } from '#shared/protocol/frames.ts';
import { makeRequest } from '../../../agent/identity/certificate-request.ts';
import { openAuthority } from '../../../collector/fleet/authority.ts';
import { batchOf, numbered } from '../../events.ts';
import { tempFolder } from '../../temp.ts';
import { startTestCollector } from '../start.ts';
import { RawAgent } from './raw-agent.ts';

const stream = 'ab'.repeat(8);
const batch = (sequence: number, data = batchOf(numbered(sequence)).data) =>
  ({ kind: 'batch', stream, sequence, collected: sequence, data }) as const;

/** A certificate for `hostId` signed by the authority kept in `folder`. */
async function certificateFor(hostId: string, folder: string) {
  const { key, csr } = await makeRequest();
  const signed = await (await openAuthority(folder)).signAgent(csr, hostId);
  if (!signed.ok) throw signed.error;
  return { key, certificate: signed.value };
}

t.test('batches are stored, acknowledged once durable, repeats dropped', async (t) => {
  const { collector, client, enrol } = await startTestCollector(t);
  const identity = await enrol();
  const agent = await new RawAgent(collector.agents, identity).hello();
  agent.send(batch(1));
  agent.send(batch(2));
  t.match(await agent.frame('ack', (f) => f.mark === 2), { stream });
  agent.send(batch(2));
  await agent.frame('ack', (f) => f.mark === 2);
  const status = await client.get<{ hosts: Record<string, unknown>[] }>('/status');
  t.match(status.hosts[0], {
    hostId: identity.hostId,
    collected: 2,
    stored: 2,
    lost: 0,
    repeats: 1,
    duplicates: 0,
    unaccounted: 0,
  });
  agent.socket.close();
});

t.test(
  'what an agent saw acknowledged and the journal lacks counts as lost, and the stream goes on',
  async (t) => {
    const { collector, client, enrol, log } = await startTestCollector(t);
    const identity = await enrol();
    const agent = await new RawAgent(collector.agents, identity).hello();
    agent.send({ kind: 'marks', marks: [[stream, 10, 25]] });
    agent.send({ ...batch(11), collected: 26 });
    await agent.frame('ack', (f) => f.mark === 11);
    const status = await client.get<{ hosts: Record<string, unknown>[] }>('/status');
    t.match(status.hosts[0], {
      collected: 26,
      stored: 1,
      lost: 25,
      lostByReason: { 'not-in-journal': 25 },
      unaccounted: 0,
    });
    t.match(
      log.find((line) => line['lost'] === 25),
      { host: identity.hostId, level: 40 },
    );
    agent.send({ kind: 'marks', marks: [] });
    t.match(await agent.closed, { status: catalogue['wire.frame_unexpected'].close });
  },
);

t.test('every frame that is wrong ends the connection with its code, and only that connection', async (t) => {
  const { collector, enrol } = await startTestCollector(t);
  const well = await new RawAgent(collector.agents, await enrol()).hello();
  const wrong: [ErrorCode, boolean, string | Uint8Array][] = [
    ['wire.not_binary', true, 'text'],
    ['wire.frame_malformed', true, new Uint8Array([0xc1, 0xff])],
    ['wire.frame_malformed', true, new Uint8Array(0)],
    ['wire.frame_malformed', true, pack([1, 2, 3])],
    ['wire.frame_unknown', true, pack({ kind: 'bundle' })],
    ['wire.frame_malformed', true, pack({ ...batch(1), stream: '../../etc' })],
    ['wire.frame_malformed', true, pack({ ...batch(1), sequence: -5 })],
    ['wire.frame_unexpected', true, pack({ kind: 'hello', version: 1, pending: 0, facts: {} })],
    ['wire.frame_unexpected', false, pack(batch(1))],
    ['wire.frame_unexpected', false, pack({ kind: 'marks', marks: [] })],
    ['wire.frame_malformed', true, pack({ kind: 'marks', marks: [[stream, -1, 0]] })],
    ['wire.frame_malformed', true, pack({ kind: 'marks', marks: [['x', 1, 1]] })],
    ['wire.frame_malformed', true, pack({ kind: 'marks', marks: Array(257).fill([stream, 1, 1]) })],
    ['wire.version_unsupported', false, pack({ kind: 'hello', version: 9, pending: 0, facts: {} })],
    ['wire.sequence_gap', true, pack(batch(7))],
    ['wire.batch_malformed', true, pack(batch(1, new Uint8Array([1, 2, 3])))],
    ['wire.frame_too_large', true, new Uint8Array(maxFrameBytes + 1)],
  ];
  for (const [code, afterHello, data] of wrong) {
    const agent = new RawAgent(collector.agents, await enrol());
    await (afterHello ? agent.hello() : agent.open());
    agent.socket.send(data, { binary: typeof data !== 'string' });
    const { status } = await agent.closed;
    t.equal(status, catalogue[code].close, code);
  }
  well.send(batch(1));
  t.ok(await well.frame('ack', (f) => f.mark === 1), 'the neighbour is served');
  well.socket.close();
});

t.test('who may connect', async (t) => {
  const { collector, folder, enrol } = await startTestCollector(t);
  const identity = await enrol();
  const { ca } = identity;
  const foreign = await certificateFor(identity.hostId, tempFolder(t));
  const unknown = await certificateFor('0123456789abcdef', `${folder}/pki`);
  const cases = [
    ['identity.no_certificate', { ca }],
    ['identity.untrusted', { ca, ...foreign }],
    ['identity.unknown_host', { ca, ...unknown }],
  ] as const;
  for (const [code, credentials] of cases) {
    const agent = new RawAgent(collector.agents, credentials);
    t.match(await agent.frame('bye'), { code });
    t.match(await agent.closed, { status: catalogue[code].close });
  }
  const plain = await fetch(`http://${collector.agents}/`).catch((error: Error) => error);
  t.ok(plain instanceof Error, 'there is no plain HTTP');
});

t.test('a second connection of one identity takes over', async (t) => {
  const { collector, enrol } = await startTestCollector(t);
  const identity = await enrol();
  const first = await new RawAgent(collector.agents, identity).hello();
  const second = await new RawAgent(collector.agents, identity).hello();
  t.match(await first.closed, { status: catalogue['wire.replaced'].close });
  second.send(batch(1));
  await second.frame('ack');
  second.socket.close();
});

t.test('an agent that goes over its credit is refused', async (t) => {
  const { collector, enrol } = await startTestCollector(t, undefined, { creditBytes: 65_536 });
  const agent = await new RawAgent(collector.agents, await enrol()).hello();
  const data = new Uint8Array(60_000);
  for (let n = 1; n <= 4; n++) agent.send(batch(n, data));
  const { status } = await agent.closed;
  t.ok(
    [catalogue['wire.credit_exceeded'].close, catalogue['wire.batch_malformed'].close].includes(
      status as never,
    ),
  );
});

t.test('tokens enrol once, and only with the collector they name', async (t) => {
  const { parseToken } = await import('#shared/protocol/identity.ts');
  const { enrol } = await import('../../../agent/identity/enrol.ts');
  const one = await startTestCollector(t);
  const made = await one.collector.enrolment.createToken({ maxUses: 1, lifeMs: 60_000 });
  const ticket = parseToken(made.token);
  if (!ticket.ok) throw ticket.error;
  const identity = await enrol(ticket.value, { hostname: 'a', os: 'linux' });
  t.match(identity.hostId, /^[0-9a-f]{16}$/);
  await t.rejects(enrol(ticket.value, {}), { code: 'enroll.token_refused' });
  const lapsed = await one.collector.enrolment.createToken({ maxUses: 1, lifeMs: -1 });
  const late = parseToken(lapsed.token);
  if (!late.ok) throw late.error;
  await t.rejects(enrol(late.value, {}), { code: 'enroll.token_refused' });
  const two = await startTestCollector(t);
  await t.rejects(enrol(ticket.value, {}, two.collector.agents), { code: 'identity.collector_untrusted' });
  t.equal(parseToken('vdt1.nonsense').ok, false);
  t.equal(parseToken(`${made.token.slice(0, -9)}`).ok, false);
});

t.test('requests that are no enrolment are answered with a code', async (t) => {
  const { collector, folder, enrol } = await startTestCollector(t);
  const { ca } = await enrol();
  const { request } = await import('node:https');
  const post = async (path: string, body: string) => {
    const [host, port] = collector.agents.split(':');
    const call = request({ host, port, path, method: 'POST', ca, servername: 'collector.vedette.internal' });
    call.end(body);
    const [answer] = (await once(call, 'response')) as [import('node:http').IncomingMessage];
    let text = '';
    for await (const part of answer) text += part;
    return { status: answer.statusCode, body: JSON.parse(text) as { code: string } };
  };
  t.match(await post('/enroll', '{}'), { status: 400, body: { code: 'enroll.request_malformed' } });
  t.match(await post('/enroll', 'not json'), { status: 400, body: { code: 'enroll.request_malformed' } });
  t.match(await post('/enroll', `"${'x'.repeat(70_000)}"`), {
    status: 400,
    body: { code: 'enroll.request_malformed' },
  });
  t.match(await post('/api/v1/status', '{}'), { status: 404, body: { code: 'api.not_found' } });
  t.ok(folder);
});
