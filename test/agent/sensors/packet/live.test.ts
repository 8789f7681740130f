import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { createServer as createHttpServer, get } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import t, { type Test } from 'tap';
import { LinuxHost } from '../../../../agent/sensors/linux/host.ts';
import { settingsOf } from '../../../../agent/sensors/options.ts';
import { loadBinding } from '../../../../agent/sensors/packet/capture/binding.ts';
import { captureFilter, type Level, levels } from '../../../../agent/sensors/packet/capture/filter.ts';
import { LiveCapture } from '../../../../agent/sensors/packet/capture/live-capture.ts';
import { Packet, tcp } from '../../../../agent/sensors/packet/decode/packet.ts';
import { parseMessage } from '../../../../agent/sensors/packet/dns/message.ts';
import { packetLinux } from '../../../../agent/sensors/packet/linux.ts';
import type { PacketSettings } from '../../../../agent/sensors/packet/settings.ts';
import { readClientHello } from '../../../../agent/sensors/packet/tls/client-hello.ts';
import { ja4 } from '../../../../agent/sensors/packet/tls/ja4.ts';
import { createSensors } from '../../../../agent/sensors/registry.ts';
import { Collected } from '../collected.ts';
import { address, dnsMessage, dnsName, prefixed } from './frames.ts';

/**
 * Real packets over loopback, captured by libpcap: in a network namespace of its own, where no other traffic is and
 * every port is free.
 */

const binding = loadBinding();
const isInside = process.env['VEDETTE_TEST_NAMESPACE'] === '1';
const has = (tool: string, ...args: string[]) => spawnSync(tool, args).status === 0;

function whyNot(): string | false {
  if (typeof binding === 'string') return binding;
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs root on Linux';
  return has('ip', '-V') && has('unshare', '-n', 'true') ? false : 'needs ip, unshare and network namespaces';
}

/** Of the loopback network, so that no resolver of the host is in the way. */
const dnsHost = '127.0.0.153';

async function watch(t: Test, packet: Partial<PacketSettings> = {}): Promise<Collected> {
  const sensor = createSensors({ intervalMs: { packet: 100 }, packet }).find(
    (one) => one.describe().name === 'packet',
  );
  if (sensor === undefined) throw new Error('no packet sensor');
  const got = new Collected();
  const state = await sensor.start(got.emit);
  t.equal(state.status, 'running', JSON.stringify(state));
  t.teardown(async () => {
    await sensor.stop();
    if (got.faults.length > 0) throw new Error(got.faults.join());
  });
  return got;
}

async function listen(
  t: Test,
  onSocket: (socket: Socket) => void,
  host = '127.0.0.1',
  port = 0,
): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, onSocket).listen(port, host);
  await once(server, 'listening');
  t.teardown(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** Answers every question with one address; NXDOMAIN for names that begin so. */
function dnsReply(query: Buffer): Buffer {
  const message = parseMessage(query, 0, query.length);
  const [question] = message?.questions ?? [];
  if (message === undefined || question === undefined) return Buffer.alloc(0);
  const { id } = message;
  if (question.name.startsWith('missing')) return dnsMessage({ id, flags: 0x8183, questions: [question] });
  const answers = [{ name: dnsName(question.name), type: 1, data: address('192.0.2.53') }];
  return dnsMessage({ id, flags: 0x8180, questions: [question], answers });
}

if (!isInside) {
  const skip = whyNot();
  const start = 'ip link set lo up && exec "$0" "$@"';
  const args = ['-n', 'sh', '-c', start, process.execPath, ...process.execArgv, import.meta.filename];
  const env = { ...process.env, VEDETTE_TEST_NAMESPACE: '1' };
  if (skip) t.test('live', { skip }, async () => {});
  else t.spawn('unshare', args, { env, stdio: ['ignore', 'pipe', 'inherit'] }, 'live');
}

t.test('in a namespace', { skip: !isInside && 'runs there' }, async (t) => {
  t.test('DNS over UDP and TCP, answered, refused and not answered', async (t) => {
    const server = createSocket('udp4');
    server.on('message', (query, from) => {
      const reply = dnsReply(query);
      if (!query.includes('silent')) server.send(reply, from.port, from.address);
    });
    server.bind(53, dnsHost);
    await once(server, 'listening');
    t.teardown(() => server.close());
    const got = await watch(t);
    const resolver = new Resolver({ timeout: 200, tries: 1 });
    resolver.setServers([dnsHost]);
    t.same(await resolver.resolve4('found.example'), ['192.0.2.53']);
    const found = await got.until('dns.query', (event) => event['dns.question.name'] === 'found.example');
    t.match(found, {
      'dns.resolved_ip': ['192.0.2.53'],
      'dns.response_code': 'NOERROR',
      'destination.ip': dnsHost,
      'network.transport': 'udp',
      'event.provider': 'pcap',
    });
    t.ok(Math.abs(found.time / 1000 - Date.now()) < 60_000, 'the time of the packet');
    await t.rejects(resolver.resolve4('missing.example'));
    await got.until('dns.query', (event) => event['dns.response_code'] === 'NXDOMAIN');
    await t.rejects(resolver.resolve4('silent.example'));
    const silent = await got.until('dns.query', (event) => event['dns.question.name'] === 'silent.example');
    t.equal(silent['dns.response_code'], undefined);

    await listen(
      t,
      (socket) => socket.on('data', (data) => socket.end(prefixed(2, dnsReply(data.subarray(2))))),
      dnsHost,
      53,
    );
    const client = connect(53, dnsHost);
    client.write(
      prefixed(2, dnsMessage({ id: 77, flags: 0x0100, questions: [{ name: 'stream.example', type: 1 }] })),
    );
    await once(client, 'data');
    client.destroy();
    t.match(await got.until('dns.query', (event) => event['dns.question.name'] === 'stream.example'), {
      'dns.id': '77',
      'network.transport': 'tcp',
      'dns.resolved_ip': ['192.0.2.53'],
    });
  });

  t.test('a TLS hello and an HTTP request, with their process', async (t) => {
    const got = await watch(t);
    const hellos: Buffer[] = [];
    const port = await listen(t, (socket) => {
      socket.on('error', () => {});
      // The connection outlives the look-up of its owner.
      socket.on('data', (data) => hellos.push(data));
    });
    const client = connectTls({
      port,
      host: '127.0.0.1',
      servername: 'Name.Example',
      ALPNProtocols: ['h2', 'http/1.1'],
    });
    client.on('error', () => {});
    const told = await got.until('tls.hello', (event) => event['destination.port'] === port);
    client.destroy();
    const hello = readClientHello(Buffer.concat(hellos), 0, Buffer.concat(hellos).length);
    if (typeof hello === 'string') throw new Error(hello);
    t.match(told, {
      'tls.client.server_name': 'name.example',
      'tls.client.alpn': ['h2', 'http/1.1'],
      'tls.client.ja4': ja4(hello),
      'tls.version': '1.3',
      'process.pid': process.pid,
      'process.executable': process.execPath,
    });
    t.match(told['tls.client.ja4'], /^t13d\d{4}h2_/);

    const web = createHttpServer((_, response) => void sleep(3000).then(() => response.end('x'))).listen(
      0,
      '::1',
    );
    await once(web, 'listening');
    const webPort = (web.address() as AddressInfo).port;
    const request = get({
      port: webPort,
      host: '::1',
      path: '/live?password=secret',
      headers: { 'user-agent': 'tester' },
    });
    request.on('error', () => {});
    const asked = await got.until('http.request', (event) => event['destination.port'] === webPort);
    request.destroy();
    web.closeAllConnections();
    web.close();
    t.match(asked, {
      'url.path': '/live',
      'url.query': 'password=REDACTED',
      'user_agent.original': 'tester',
      'source.ip': '::1',
      'process.pid': process.pid,
    });
  });

  t.test('bytes of a flow are those the sockets counted, though bulk is not captured', async (t) => {
    const got = await watch(t);
    const chunk = Buffer.alloc(1 << 20, 7);
    const port = await listen(t, (socket) => {
      socket.resume();
      for (let i = 0; i < 24; i++) socket.write(chunk);
      socket.on('end', () => socket.end());
    });
    const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    let received = 0;
    client.on('data', (data) => {
      received += data.length;
      if (received === 24 * chunk.length) client.end();
    });
    for (let i = 0; i < 9; i++) client.write(chunk.subarray(0, 1_000_000 + i));
    await once(client, 'close');
    const flow = await got.until('network.flow', (event) => event['destination.port'] === port);
    t.match(flow, {
      'event.action': 'ended',
      'event.reason': 'closed',
      'network.flow.accuracy': 'exact',
      'source.bytes': client.bytesWritten,
      'destination.bytes': client.bytesRead,
    });
    t.equal(flow['source.packets'], undefined);
  });

  t.test('a port scan, and refusals within it', async (t) => {
    const got = await watch(t);
    for (let port = 2; port < 60; port++) {
      await new Promise<void>((resolve) => {
        connect({ port, host: '127.0.0.99', localAddress: '127.0.0.98' })
          .on('error', () => resolve())
          .on('connect', () => resolve());
      });
    }
    const scan = await got.until('network.scan', (event) => event['source.ip'] === '127.0.0.98');
    t.match(scan, { 'event.action': 'began', 'network.scan.kind': 'ports', 'destination.ip': '127.0.0.99' });
    t.ok(scan['network.scan.refused'] >= 20);
  });

  t.test(
    'the connection to the collector, and what the filter of the settings excludes, are not seen',
    async (t) => {
      const [kept, hidden] = [
        await listen(t, (socket) => socket.end()),
        await listen(t, (socket) => socket.end()),
      ];
      const filtered = await listen(t, (socket) => socket.end());
      const got = await watch(t, { collector: `localhost:${hidden}`, filter: `not port ${filtered}` });
      for (const port of [hidden, filtered, kept]) await once(connect(port, '127.0.0.1').resume(), 'close');
      await got.until('network.flow', (event) => event['destination.port'] === kept);
      t.same(
        got.of('network.flow').filter((event) => [hidden, filtered].includes(event['destination.port'])),
        [],
      );
    },
  );

  t.test('packets the ring has no room for are counted, and declared', async (t) => {
    const settings = settingsOf({ packet: { ringBytes: 512 * 1024 } });
    const provider = packetLinux(new LinuxHost(settings), settings);
    t.equal(await provider.open(), undefined);
    t.teardown(() => provider.close());
    const got = new Collected();
    await provider.look(got.emit);
    const socket = createSocket('udp4');
    for (let i = 0; i < 4000; i++) {
      await new Promise((resolve) => socket.send(Buffer.alloc(1400), 9999, '127.0.0.1', resolve));
    }
    socket.close();
    await provider.look(got.emit);
    const loss = got.of('loss');
    t.match(loss, [{ 'loss.reason': 'sensor-overrun', 'loss.sensor': 'packet' }]);
    t.ok((loss[0]?.['loss.count'] ?? 0) > 1000);
    t.equal(provider.lost?.(), loss[0]?.['loss.count']);
    t.match(provider.note(), /packets were missed/);
    t.same(got.faults, []);
  });

  t.test('events beyond the bound per second are counted by type', async (t) => {
    const settings = settingsOf({ packet: { eventsPerSecond: 1 } });
    const provider = packetLinux(new LinuxHost(settings), settings);
    t.equal(await provider.open(), undefined);
    t.teardown(() => provider.close());
    const got = new Collected();
    await provider.look(got.emit);
    const socket = createSocket('udp4');
    for (let i = 0; i < 50; i++) {
      const ask = dnsMessage({ id: i, flags: 0x8180, questions: [{ name: `n${i}.example`, type: 1 }] });
      await new Promise((resolve) => socket.send(ask, 53, '127.0.0.44', resolve));
    }
    socket.close();
    while (got.of('loss').length === 0) {
      await sleep(50);
      await provider.look(got.emit);
    }
    const [loss] = got.of('loss');
    t.equal((loss?.['loss.count'] ?? 0) + got.of('dns.query').length, 50);
    t.same(loss?.['loss.types'], [`dns.query=${loss?.['loss.count']}`]);
  });

  t.test('the levels of the filter: bulk and sampled UDP stay in the kernel, DNS stays whole', async (t) => {
    const open = async (level: Level) => {
      if (typeof binding === 'string') throw new Error(binding);
      const filter = captureFilter({ level, collector: undefined, extra: '' });
      const capture = await LiveCapture.open({
        binding,
        device: 'any',
        filter,
        ringBytes: 16 << 20,
        snapBytes: 256,
      });
      if (typeof capture === 'string') throw new Error(capture);
      return capture;
    };
    const captures = await Promise.all(levels.map(open));
    const socket = createSocket('udp4');
    const send = (bytes: Uint8Array, port: number) =>
      new Promise((resolve) => socket.send(bytes, port, '127.0.0.1', resolve));
    const count = 6400;
    for (let i = 0; i < count; i++) await send(randomBytes(200), 9999);
    for (let id = 0; id < 160; id++) {
      await send(dnsMessage({ id, flags: 0x0100, questions: [{ name: 'x', type: 1 }] }), 53);
    }
    socket.close();
    const port = await listen(t, (peer) => peer.resume().on('end', () => peer.end()));
    const client = connect({ port, host: '127.0.0.1' });
    client.end(Buffer.alloc(64 << 20));
    await once(client.resume(), 'close');
    await sleep(300);
    const seen = captures.map((capture) => {
      const counts = { bulk: 0, dns: 0, tcp: 0 };
      const packet = new Packet();
      capture.drain((bytes, start, end, wireLength, _, linkType) => {
        if (packet.decode(bytes, start, end, wireLength, linkType) !== 'ok') return;
        if (packet.destinationPort === 9999) counts.bulk++;
        else if (packet.destinationPort === 53) counts.dns++;
        else if (packet.transport === tcp) counts.tcp++;
      }, 10_000);
      return { ...counts, dropped: capture.stats.dropped };
    });
    await Promise.all(captures.map((capture) => capture.close()));
    const [full, sampled, narrow, least] = seen;
    t.match(full, { bulk: count, dns: 160, dropped: 0 });
    // Six standard deviations of a share of one in 64 about its mean of 100.
    t.ok(sampled && sampled.bulk > 40 && sampled.bulk < 160, JSON.stringify(sampled));
    t.match(sampled, { dns: 160 });
    t.match(narrow, { bulk: 0, dns: 160 });
    t.match(least, { bulk: 0, dns: 10 });
    for (const each of [full, sampled, narrow]) {
      t.ok(each && each.tcp >= 4 && each.tcp < 300, `${each?.tcp} TCP packets of 64 MiB`);
    }
  });

  t.test('captures that fail, overrun or end let go of everything', async (t) => {
    if (typeof binding === 'string') return;
    const common = { binding, ringBytes: 1 << 20, snapBytes: 256 };
    t.match(await LiveCapture.open({ ...common, device: 'any', filter: 'no such filter (' }), /syntax error/);
    t.match(await LiveCapture.open({ ...common, device: 'nosuch0', filter: '' }), /failed/);
    const capture = await LiveCapture.open({ ...common, device: 'any', filter: 'udp port 9999' });
    if (typeof capture === 'string') throw new Error(capture);
    const socket = createSocket('udp4');
    for (let i = 0; i < 1000; i++)
      await new Promise((resolve) => socket.send('x', 9999, '127.0.0.1', resolve));
    socket.close();
    await sleep(300);
    let taken = 0;
    t.equal(
      capture.drain(() => taken++, 0),
      false,
      'it took longer than it may',
    );
    t.equal(capture.isOver, false);
    t.same(capture.stats, { taken, dropped: 1000 - taken });
    t.ok(taken < 1000);
    await capture.close();
    for (let i = 0; i < 6; i++) {
      const again = await LiveCapture.open({
        ...common,
        device: 'any',
        filter: captureFilter({ level: levels[i % 4] ?? 'full', collector: undefined, extra: '' }),
      });
      if (typeof again === 'string') throw new Error(again);
      await again.close();
    }
  });
});
