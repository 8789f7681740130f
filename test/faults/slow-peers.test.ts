/** Peers that are slow, stalled or half gone, on either side: given up in time, in bounded memory, and nothing is lost. */
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { type WebSocket, WebSocketServer } from 'ws';
import { encodeFrame, subprotocol } from '#shared/protocol/frames.ts';
import { makeRequest } from '../../agent/identity/certificate-request.ts';
import type { AgentIdentity } from '../../agent/identity/identity.ts';
import { LiveIdentity } from '../../agent/identity/live-identity.ts';
import { Outbox } from '../../agent/outbox/outbox.ts';
import { Uplink, type UplinkEvent } from '../../agent/uplink/uplink.ts';
import { openAuthority } from '../../collector/fleet/authority.ts';
import { RawAgent } from '../collector/ingest/raw-agent.ts';
import { startTestCollector } from '../collector/start.ts';
import { batchOf, numbered } from '../events.ts';
import { tempFolder } from '../temp.ts';
import { TcpProxy } from './tcp-proxy.ts';

type Who = Pick<AgentIdentity, 'ca' | 'certificate' | 'key'>;

/** Waits as long as the test's own time lets it. */
async function until(is: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await is())) await sleep(20);
}

function startUplink(t: Test, address: string, identity: Who) {
  const outbox = new Outbox({
    path: join(tempFolder(t), 'outbox.db'),
    maxBytes: 1 << 30,
    maxAgeMs: 1e12,
    minFreeShare: 0,
    syncsEach: false,
  });
  const said: UplinkEvent[] = [];
  const uplink = new Uplink({
    address,
    identity: new LiveIdentity(tempFolder(t), { ...identity, hostId: '0'.repeat(16), address }),
    proxy: 'direct',
    outbox,
    facts: { hostname: 'slow', os: 'linux' },
    backoffMs: { min: 20, max: 100 },
    pingMs: 100,
    stallMs: 1000,
    log: (event) => said.push(event),
  });
  uplink.start();
  t.teardown(async () => {
    await uplink.stop();
    outbox.close();
  });
  const codes = () => said.flatMap((e) => (e.what === 'disconnected' ? [e.code] : []));
  return { outbox, uplink, said, codes };
}

/** Takes connections as a collector does, and then does what the test says. */
async function startSilentCollector(t: Test, onAgent: (agent: WebSocket) => void) {
  const authority = await openAuthority(tempFolder(t));
  const { key, csr } = makeRequest();
  const signed = await authority.signAgent(csr, '0'.repeat(16));
  if (!signed.ok) throw signed.error;
  const ca = authority.trust;
  const server = createServer(authority.server);
  const agents = new WebSocketServer({ server, handleProtocols: () => subprotocol });
  agents.on('connection', onAgent);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const agent of agents.clients) agent.terminate();
    server.close();
  });
  const identity: Who = { ca, certificate: signed.value, key };
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, identity };
}

t.test('a collector that never answers is given up, and tried again', async (t) => {
  let connections = 0;
  const { address, identity } = await startSilentCollector(t, () => connections++);
  const { codes } = startUplink(t, address, identity);
  await until(() => connections > 1 && codes().includes('wire.stalled'));
  t.ok(connections > 1);
});

t.test(
  'a collector that gives boundless credit and reads nothing costs the agent bounded memory',
  async (t) => {
    const { address, identity } = await startSilentCollector(t, (agent) => {
      agent.send(encodeFrame({ kind: 'hello', version: 1, credit: Number.MAX_SAFE_INTEGER, time: 0 }));
      agent.pause();
    });
    const { outbox, uplink, codes } = startUplink(t, address, identity);
    const { data, ...rest } = batchOf(numbered(1));
    const large = { ...rest, data: Buffer.concat([data, Buffer.alloc(1024 * 1024)]) };
    for (let i = 0; i < 40; i++) outbox.append('normal', large, 1);
    let sent = 0;
    await until(() => {
      sent = Math.max(
        sent,
        outbox.next(40, 40, () => false).filter((b) => uplink.isSent(b.stream, b.sequence)).length,
      );
      // On a busy machine the first attempts may not even come to the welcome in time.
      return sent > 0 && codes().includes('wire.stalled');
    });
    t.ok(sent >= 6 && sent <= 8, `${sent} MiB were in flight`);
    t.equal(outbox.batches, 40, 'and nothing is given up');
  },
);

t.test('a half-open connection is given up by both, and what was on it comes again', async (t) => {
  const { collector, client, enrol, log } = await startTestCollector(t, undefined, { agentStallMs: 1000 });
  const port = Number(collector.agents.split(':')[1]);
  const proxy = await TcpProxy.start(() => port);
  t.teardown(() => proxy.close());
  const { outbox, uplink, codes } = startUplink(t, `127.0.0.1:${proxy.port}`, await enrol());
  await until(() => uplink.isConnected);
  proxy.goDeaf();
  for (let n = 1; n <= 20; n++) {
    outbox.append('normal', batchOf(numbered(n)), 1);
    uplink.wake();
  }
  await until(() => codes().includes('wire.stalled'));
  await until(() => log.some((line) => line['code'] === 'wire.stalled'));
  proxy.heal();
  await until(() => outbox.batches === 0);
  const status = await client.get<{ hosts: Record<string, unknown>[] }>('/status');
  t.match(status.hosts[0], { stored: 20, collected: 20, duplicates: 0, unaccounted: 0 });
});

t.test(
  'an agent that asks and never reads is given up in bounded memory; its neighbour is served',
  async (t) => {
    const { collector, enrol, log } = await startTestCollector(t);
    const agent = await new RawAgent(collector.agents, await enrol()).hello();
    const neighbour = await new RawAgent(collector.agents, await enrol()).hello();
    agent.socket.pause();
    const ping = encodeFrame({ kind: 'ping', sentAt: 0, pending: 0 });
    const unread = () =>
      log.find((line) => line['msg'] === 'agent reads nothing') as { unreadBytes: number } | undefined;
    await until(async () => {
      for (let i = 0; i < 5000 && agent.socket.bufferedAmount < 1 << 22; i++) agent.socket.send(ping);
      await sleep(1);
      return unread() !== undefined;
    });
    t.ok(unread()!.unreadBytes < 5 * 1024 * 1024, `${unread()?.unreadBytes} bytes unread`);
    neighbour.send({ kind: 'ping', sentAt: 0, pending: 0 });
    t.ok(await neighbour.frame('ping'));
    neighbour.socket.terminate();
    agent.socket.terminate();
  },
);

t.test(
  'a quiet host waits for no more than two groups of batches, however much busy ones have waiting',
  async (t) => {
    const { collector, enrol } = await startTestCollector(t);
    const busy = await Promise.all(
      [1, 2, 3].map(async () => new RawAgent(collector.agents, await enrol()).hello()),
    );
    const quiet = await new RawAgent(collector.agents, await enrol()).hello();
    const streamOf = (host: number) => String(host).repeat(16);
    const { data } = batchOf(...Array.from({ length: 20 }, (_, i) => numbered(i)));
    const each = Math.floor((1024 * 1024) / data.length) - 1;
    const marks = busy.map(() => 0);
    busy.forEach((agent, i) => {
      agent.socket.on('message', () => {
        for (const f of agent.frames) if (f.kind === 'ack') marks[i] = f.mark;
      });
      for (let n = 1; n <= each; n++)
        agent.send({ kind: 'batch', stream: streamOf(i), sequence: n, collected: n * 20, data });
    });
    const acknowledged = () => marks.reduce((sum, mark) => sum + mark, 0);
    await until(() => acknowledged() > 0);
    const worst: number[] = [];
    for (let n = 1; acknowledged() < (each * busy.length) / 2; n++) {
      const before = acknowledged();
      quiet.send({ kind: 'batch', stream: streamOf(9), sequence: n, collected: n * 20, data });
      await quiet.frame('ack', (f) => f.mark === n);
      worst.push(acknowledged() - before);
    }
    const median = worst.toSorted((a, b) => a - b)[Math.floor(worst.length / 2)]!;
    t.comment(`${each * busy.length} busy batches; overtaken by ${worst.join(', ')}`);
    t.ok(median <= 3 * 64, `${median} batches of busy hosts passed each of the quiet one's`);
    for (const agent of [...busy, quiet]) agent.socket.terminate();
  },
);
