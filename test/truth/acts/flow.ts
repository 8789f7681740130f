import { once } from 'node:events';
import { connect } from 'node:net';
import type { Act } from '../act.ts';
import { selfActor } from '../actors.ts';
import { lacksCapture, listen, maybeOwner, overTcp, ownHost } from '../packets.ts';
import { account, maybe } from '../told.ts';

/** How much goes over connections, and how many there are. */

const flow: Act = {
  name: 'what went over a connection',
  whyNot: lacksCapture,
  async perform(stage) {
    const sizes = { asked: 3210, told: 98_765 };
    const port = await listen(stage, (socket) => {
      let received = 0;
      socket.on('data', (data) => {
        received += data.length;
        if (received === sizes.asked) socket.end(Buffer.alloc(sizes.told));
      });
    });
    const client = connect({ port, host: '127.0.0.1' });
    await once(client, 'connect');
    const clientPort = client.localPort ?? 0;
    client.resume().write(Buffer.alloc(sizes.asked));
    await once(client, 'close');
    const ends = {
      'source.ip': '127.0.0.1',
      'source.port': clientPort,
      'destination.ip': '127.0.0.1',
      'destination.port': port,
    };
    return [
      account(
        'network.flow',
        { 'destination.port': port },
        {
          ...overTcp(ends),
          'event.action': 'ended',
          'event.reason': 'closed',
          'event.start': (at) => Number(at) > 0,
          'event.end': (at) => Number(at) > 0,
          'event.duration': (ns) => Number(ns) > 0,
          'source.bytes': sizes.asked,
          'destination.bytes': sizes.told,
          'network.bytes': sizes.asked + sizes.told,
          'source.packets': maybe((count) => Number(count) >= 3),
          'destination.packets': maybe((count) => Number(count) >= 3),
          'network.flow.accuracy': 'exact',
          'tcp.flags': (flags) => ['SYN', 'ACK', 'FIN'].every((flag) => (flags as string[]).includes(flag)),
          ...maybeOwner(selfActor(stage)),
        },
      ),
    ];
  },
};

const scan: Act = {
  name: 'a scan of ports',
  whyNot: lacksCapture,
  async perform() {
    const [from, to] = [ownHost(98), ownHost(99)];
    for (let port = 2; port < 42; port++) {
      await new Promise<void>((resolve) => {
        const socket = connect({ port, host: to, localAddress: from });
        socket.on('error', () => resolve()).on('connect', () => resolve(void socket.destroy()));
      });
    }
    const few = (count: unknown) => Number(count) >= 20 && Number(count) <= 40;
    return [
      account(
        'network.scan',
        { 'source.ip': from },
        {
          'event.provider': 'pcap',
          'event.action': 'began',
          'network.scan.kind': 'ports',
          'source.ip': from,
          'destination.ip': to,
          'event.start': (at) => Number(at) > 0,
          'event.end': (at) => Number(at) > 0,
          'network.scan.targets': few,
          'network.scan.hosts': 1,
          'network.scan.ports': few,
          'network.scan.syns': few,
          'network.scan.accepted': 0,
          'network.scan.refused': few,
          'network.scan.unanswered': (count) => Number(count) <= 20,
          'network.scan.first_ports': (ports) =>
            (ports as string[]).every((port, i) => port === String(2 + i)),
        },
      ),
    ];
  },
};

export const flowActs: readonly Act[] = [flow, scan];
