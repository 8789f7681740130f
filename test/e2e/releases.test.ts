/** Every released agent with today's collector, every released collector with today's agent: bytes recorded from the real ones. */
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { WebSocketServer } from 'ws';
import { parseConfig } from '#shared/config.ts';
import { makeDataFolder } from '#shared/data-folder.ts';
import { catalogue } from '#shared/errors.ts';
import { eventSpecs } from '#shared/events/registry.gen.ts';
import {
  type AgentFrame,
  decodeAgentFrame,
  decodeCollectorFrame,
  encodeFrame,
  subprotocol,
} from '#shared/protocol/frames.ts';
import type { CommandHost } from '../../agent/commands/kind.ts';
import { commandKinds } from '../../agent/commands/registry.ts';
import { CommandRunner } from '../../agent/commands/runner.ts';
import { agentSettings } from '../../agent/config.ts';
import { type DeliveryEvent, startDelivery } from '../../agent/delivery.ts';
import type { EventJson } from '../../collector/api/json/event.ts';
import type { StatusJson } from '../../collector/api/json/status.ts';
import { openAuthority } from '../../collector/fleet/authority.ts';
import { RawAgent } from '../collector/ingest/raw-agent.ts';
import { startTestCollector } from '../collector/start.ts';
import { numbered, numberedHigh } from '../events.ts';
import { recorded, releases } from '../shared/protocol/recorded.ts';
import { tempFolder } from '../temp.ts';

t.ok(releases.includes('0.1.0'));

for (const release of releases) {
  const frames = recorded(release);
  const said = (from: string, kind?: string) =>
    frames.filter((f) => f.from === from && (kind === undefined || f.kind === kind));

  t.test(`${release}: every frame decodes to its kind`, async (t) => {
    const kinds = new Set(frames.map((f) => `${f.from} ${f.kind}`));
    for (const name of ['agent hello', 'agent batch', 'agent ping', 'agent bye']) t.ok(kinds.has(name), name);
    for (const name of ['collector hello', 'collector ack', 'collector ping', 'collector bye'])
      t.ok(kinds.has(name), name);
    for (const { from, kind, data } of frames) {
      const frame = from === 'agent' ? decodeAgentFrame(data) : decodeCollectorFrame(data);
      t.equal(frame.ok ? frame.value.kind : frame.error.message, kind);
    }
  });

  t.test(`${release}: its agent is served by today's collector`, async (t) => {
    const { collector, client, enrol } = await startTestCollector(t);
    const identity = await enrol();
    const agent = await new RawAgent(collector.agents, identity).open();
    const batches = said('agent', 'batch').map((f) => {
      const frame = decodeAgentFrame(f.data);
      if (!frame.ok) throw frame.error;
      return frame.value as AgentFrame & { kind: 'batch' };
    });
    const marks = new Map(batches.map((b) => [b.stream, b.sequence]));
    const connection = frames.slice(0, frames.findIndex((f) => f.from === 'agent' && f.kind === 'bye') + 1);
    for (const { from, data } of connection) if (from === 'agent') agent.socket.send(data);
    for (const [stream, mark] of marks)
      await agent.frame('ack', (f) => f.stream === stream && f.mark === mark);
    t.ok(await agent.frame('ping'));
    t.notOk(
      agent.frames.some((f) => f.kind === 'command' || f.kind === 'bye'),
      'nothing it does not know',
    );
    const types = new Set<string>();
    for (let cursor: string | undefined; cursor !== null; ) {
      const page = await client.get<{ items: EventJson[]; next: string | null }>('/events', {
        limit: 100,
        cursor,
      });
      for (const event of page.items) types.add(event['event.dataset']);
      cursor = page.next as string;
    }
    t.same(
      [...types].filter((type) => !(type in eventSpecs)),
      [],
    );
    t.ok(types.size >= 31, `${types.size} types of event are stored`);
    const { hosts } = await client.get<StatusJson>('/status');
    t.match(hosts[0], { duplicates: 0, unaccounted: 0, collected: hosts[0]!.stored + hosts[0]!.lost });
    await t.rejects(client.call('POST', `/hosts/${identity.hostId}/commands`, {}, { name: 'agent.status' }), {
      code: 'command.unsupported',
    });
    agent.socket.close();
  });

  t.test(`${release}: its collector serves today's agent`, async (t) => {
    const past = await startRecordedCollector(t, said('collector', 'hello')[0]!.data);
    const folder = tempFolder(t);
    const runner = new CommandRunner({
      path: join(folder, 'commands.db'),
      kinds: commandKinds,
      host: new Promise<CommandHost>(() => undefined),
      log: () => undefined,
    });
    const events: DeliveryEvent[] = [];
    const delivery = startDelivery({
      folder,
      config: parseConfig(agentSettings, { flushMs: 10, flushNormalMs: 10, backoffMinMs: 10, pingMs: 100 }),
      identity: { hostId: '0'.repeat(16), address: past.address, ca: past.ca, ...past.certified },
      address: past.address,
      commands: runner,
      log: (event) => events.push(event),
    });
    delivery.emit(numbered(1));
    delivery.emit(numberedHigh(2));
    while (past.frames.filter((f) => f.kind === 'batch').length < 2) await sleep(10);
    while (delivery.outbox.events > 0) await sleep(10);
    while (!past.frames.some((f) => f.kind === 'ping')) await sleep(10);
    past.send(said('collector', 'ping')[0]!.data);
    past.send(said('collector', 'bye')[0]!.data);
    past.drop();
    while (!events.some((e) => e.what === 'disconnected' && e.code === 'wire.shutdown')) await sleep(10);
    await delivery.close();
    const knownThen = new Set(said('agent').map((f) => f.kind));
    t.same(
      [...new Set(past.frames.map((f) => f.kind))].filter((kind) => !knownThen.has(kind)),
      [],
    );
  });
}

/** Says the past hello and acknowledges as every release does; knows of no frame that came later. */
async function startRecordedCollector(t: Test, hello: Buffer) {
  const folder = tempFolder(t);
  makeDataFolder(folder);
  const authority = await openAuthority(folder);
  const { cert: certificate, key } = authority.server;
  const https = createServer({ key, cert: certificate, minVersion: 'TLSv1.3' });
  const server = new WebSocketServer({ server: https, handleProtocols: () => subprotocol });
  const frames: AgentFrame[] = [];
  server.on('connection', (ws) =>
    ws.on('message', (data: Buffer) => {
      const frame = decodeAgentFrame(data);
      if (!frame.ok) throw frame.error;
      frames.push(frame.value);
      if (frame.value.kind === 'hello') ws.send(hello);
      else if (frame.value.kind === 'batch') {
        const { stream, sequence: mark } = frame.value;
        ws.send(encodeFrame({ kind: 'ack', stream, mark, credit: 1 << 20 }));
      }
    }),
  );
  https.listen(0, '127.0.0.1');
  await once(https, 'listening');
  t.teardown(() => {
    for (const ws of server.clients) ws.terminate();
    https.close();
  });
  return {
    address: `127.0.0.1:${(https.address() as AddressInfo).port}`,
    ca: authority.trust,
    certified: { certificate, key },
    frames,
    send: (data: Buffer) => {
      for (const ws of server.clients) ws.send(data);
    },
    drop: () => {
      for (const ws of server.clients) ws.close(catalogue['wire.shutdown'].close);
    },
  };
}

t.test('a peer of another protocol version is told which side to update', async (t) => {
  const { collector, enrol } = await startTestCollector(t);
  for (const [version, older] of [
    [0, 'update the agent'],
    [2, 'update the collector'],
  ] as const) {
    const agent = await new RawAgent(collector.agents, await enrol()).open();
    agent.send({ kind: 'hello', version, pending: 0, facts: {} });
    const bye = await agent.frame('bye');
    t.match(bye, { code: 'wire.version_unsupported', detail: older });
    t.match(await agent.closed, { status: catalogue['wire.version_unsupported'].close });
  }
  const newer = encodeFrame({ kind: 'hello', version: 2, credit: 1, time: 1 });
  const recorded = await startRecordedCollector(t, newer);
  const events: DeliveryEvent[] = [];
  const delivery = startDelivery({
    folder: tempFolder(t),
    config: parseConfig(agentSettings, { backoffMinMs: 10 }),
    identity: { hostId: '0'.repeat(16), address: recorded.address, ca: recorded.ca, ...recorded.certified },
    address: recorded.address,
    log: (event) => events.push(event),
  });
  while (!events.some((e) => e.what === 'disconnected')) await sleep(10);
  t.match(events[0], { code: 'wire.version_unsupported', detail: 'update the agent' });
  while (!recorded.frames.some((f) => f.kind === 'bye')) await sleep(10);
  t.match(
    recorded.frames.find((f) => f.kind === 'bye'),
    { code: 'wire.version_unsupported', detail: 'update the agent' },
    'and the collector is told why',
  );
  await delivery.close();
});
