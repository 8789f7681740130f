import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseMessage } from '../../../agent/sensors/packet/dns/message.ts';
import { readClientHello } from '../../../agent/sensors/packet/tls/client-hello.ts';
import { ja4 } from '../../../agent/sensors/packet/tls/ja4.ts';
import { until } from '../../agent/sensors/kernel-host.ts';
import { address, dnsMessage, dnsName } from '../../agent/sensors/packet/frames.ts';
import type { Act } from '../act.ts';
import { actor, programPath, selfActor } from '../actors.ts';
import { communityId, lacksCapture, listen, maybeOwner, overTcp, ownHost } from '../packets.ts';
import { lacks, play } from '../play.ts';
import { account } from '../told.ts';

/** What programs say over loopback, as packets tell it. */

const dns: Act = {
  name: 'a DNS question is answered',
  whyNot: lacksCapture,
  async perform(stage) {
    const host = ownHost(53);
    const server = createSocket('udp4');
    let from = { address: '', port: 0 };
    let id = 0;
    server.on('message', (query, sender) => {
      const message = parseMessage(query, 0, query.length);
      const [question] = message?.questions ?? [];
      if (message === undefined || question === undefined) return;
      from = sender;
      id = query.readUInt16BE(0);
      const answers = [{ name: dnsName(question.name), type: 1, data: address('192.0.2.53') }];
      const reply = dnsMessage({ id, flags: 0x8180, questions: [question], answers });
      server.send(reply, sender.port, sender.address);
    });
    server.bind(53, host);
    await once(server, 'listening');
    const resolver = new Resolver({ timeout: 5000, tries: 1 });
    resolver.setServers([host]);
    const name = 'Truth.Example';
    const found = await resolver.resolve4(name);
    if (found[0] !== '192.0.2.53') throw new Error(`resolved to ${found}`);
    await stage.got.until('dns.query', (event) => event['dns.question.name'] === 'truth.example');
    server.close();
    const ends = {
      'source.ip': from.address,
      'source.port': from.port,
      'destination.ip': host,
      'destination.port': 53,
    };
    return [
      account(
        'dns.query',
        { 'dns.question.name': 'truth.example' },
        {
          'event.provider': 'pcap',
          'dns.question.name': 'truth.example',
          'dns.question.type': 'A',
          'dns.question.class': 'IN',
          'dns.id': String(id),
          'dns.op_code': 'QUERY',
          'dns.response_code': 'NOERROR',
          'dns.query_status': 0,
          'dns.header_flags': ['RD', 'RA'],
          'dns.answers.data': ['192.0.2.53'],
          'dns.answers.type': ['A'],
          'dns.answers.ttl': (ttl) => (ttl as string[]).length === 1,
          'dns.answers.count': 1,
          'dns.resolved_ip': ['192.0.2.53'],
          'network.protocol': 'dns',
          'network.transport': 'udp',
          'network.community_id': communityId(ends, 17),
          ...ends,
          'event.duration': (ns) => Number(ns) > 0,
          ...maybeOwner(selfActor(stage)),
        },
      ),
    ];
  },
};

const tls: Act = {
  name: 'a TLS hello',
  whyNot: () => lacks('openssl') || lacksCapture(),
  async perform(stage) {
    const hellos: Buffer[] = [];
    let clientPort = 0;
    const port = await listen(stage, (socket) => {
      clientPort = socket.remotePort ?? 0;
      socket.on('error', () => {});
      socket.on('data', (data) => hellos.push(data));
    });
    const openssl = programPath('openssl');
    const args = [
      's_client',
      '-connect',
      `127.0.0.1:${port}`,
      '-servername',
      'Truth.Example',
      '-alpn',
      'h2',
      '-min_protocol',
      'TLSv1.2',
    ];
    const { pid, child } = await play(stage, openssl, args);
    await stage.got.until('tls.hello', (event) => event['destination.port'] === port);
    const received = () => {
      const bytes = Buffer.concat(hellos);
      return readClientHello(bytes, 0, bytes.length);
    };
    await until(() => received() !== 'more', 'the whole hello');
    child.kill('SIGKILL');
    const hello = received();
    if (typeof hello === 'string') throw new Error(hello);
    const ends = {
      'source.ip': '127.0.0.1',
      'source.port': clientPort,
      'destination.ip': '127.0.0.1',
      'destination.port': port,
    };
    return [
      account(
        'tls.hello',
        { 'destination.port': port },
        {
          ...overTcp(ends),
          'tls.client.server_name': 'truth.example',
          'tls.client.ja4': (text) => text === ja4(hello) && /^t1[23]d\d{4}h2_/.test(String(text)),
          'tls.client.supported_versions': ['1.3', '1.2'],
          'tls.client.alpn': ['h2'],
          'tls.version': '1.3',
          'tls.client.ciphers_count': (count) => Number(count) > 0,
          ...actor(stage, pid, openssl, [openssl, ...args].join(' ')),
        },
      ),
    ];
  },
};

const http: Act = {
  name: 'an HTTP request',
  whyNot: () => lacks('curl') || lacksCapture(),
  async perform(stage) {
    let clientPort = 0;
    const web = createHttpServer((request, response) => {
      clientPort = request.socket.remotePort ?? 0;
      // The socket stays until its owner was looked up.
      request.resume();
      void sleep(2000).then(() => response.end('x'));
    }).listen(0, '127.0.0.1');
    await once(web, 'listening');
    const { port } = web.address() as AddressInfo;
    const curl = programPath('curl');
    const asked = `/files/list.php?page=2&token=secret`;
    const args = [
      ...['-s', '-A', 'truth/1.0', '-e', 'http://from.example/', '-H', 'Content-Type: text/plain'],
      ...['-H', 'Host: truth.example', '-d', 'hello', `http://127.0.0.1:${port}${asked}`],
    ];
    const { pid } = await play(stage, curl, args);
    await stage.got.until('http.request', (event) => event['destination.port'] === port);
    web.closeAllConnections();
    web.close();
    const ends = {
      'source.ip': '127.0.0.1',
      'source.port': clientPort,
      'destination.ip': '127.0.0.1',
      'destination.port': port,
    };
    return [
      account(
        'http.request',
        { 'destination.port': port },
        {
          ...overTcp(ends),
          'http.request.method': 'POST',
          'url.full': 'http://truth.example/files/list.php?page=2&token=REDACTED',
          'url.domain': 'truth.example',
          'url.path': '/files/list.php',
          'url.query': 'page=2&token=REDACTED',
          'url.extension': 'php',
          'user_agent.original': 'truth/1.0',
          'http.request.referrer': 'http://from.example/',
          'http.request.mime_type': 'text/plain',
          'http.request.body.bytes': 5,
          'http.version': '1.1',
          ...actor(stage, pid, curl, [curl, ...args].join(' ')),
        },
      ),
    ];
  },
};

export const packetActs: readonly Act[] = [dns, tls, http];
