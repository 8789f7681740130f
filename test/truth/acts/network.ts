import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { EventByType } from '#shared/events/registry.gen.ts';
import type { Act } from '../act.ts';
import { selfActor } from '../actors.ts';
import type { Stage } from '../stage.ts';
import { account, type Fields } from '../told.ts';

/** Sockets of this process, on loopback. */

type Connection = EventByType['network.connection'];

/** The name that a connection has at its opening and its closing, looked up when all is told. */
function sameIdAs(stage: Stage, opening: (event: Connection) => boolean) {
  return (id: unknown) => {
    const [opened, ...more] = stage.got
      .of('network.connection')
      .filter((event) => event['event.action'] !== 'closed' && opening(event));
    return more.length === 0 && opened?.['network.connection_id'] === id;
  };
}

/** Who has a socket here, as connections say it. */
function owner(stage: Stage) {
  return { ...selfActor(stage), 'process.parent.name': /./ };
}

/** A whole conversation: who listens, connects and accepts, what each sends, and the ends. */
function conversation(name: string, host: string): Act {
  return {
    name,
    whyNot: () =>
      Object.values(networkInterfaces()).some((all) => all?.some((one) => one.address === host))
        ? false
        : `no ${host} here`,
    async perform(stage) {
      const answered = { asked: 1234, told: 56_789 };
      const server = createServer({ allowHalfOpen: true }, (socket) => {
        let received = 0;
        socket.on('data', (data: Buffer) => {
          received += data.length;
          if (received === answered.asked) socket.write(Buffer.alloc(answered.told));
        });
        socket.on('end', () => socket.end());
      }).listen(0, host);
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      const client: Socket = connect({ port, host });
      await once(client, 'connect');
      const clientPort = client.localPort ?? 0;
      let received = 0;
      // Only then does it say goodbye: TCP is over once both ends have, and what is read after that is not counted.
      client.on('data', (data: Buffer) => {
        received += data.length;
        if (received === answered.told) client.end();
      });
      client.write(Buffer.alloc(answered.asked));
      await once(client, 'close');
      server.close();
      await once(server, 'close');
      const ends = {
        'source.ip': host,
        'source.port': clientPort,
        'destination.ip': host,
        'destination.port': port,
      };
      const common = { 'event.provider': 'tracefs', 'network.transport': 'tcp', ...owner(stage) } as const;
      const opened = { 'network.connection_id': /^[0-9a-f]{20}$/ };
      const ended = (initiated: boolean): Fields<'network.connection'> => ({
        ...common,
        ...ends,
        'event.action': 'closed',
        'network.initiated': initiated,
        'network.connection_id': sameIdAs(
          stage,
          (event) => event['source.port'] === clientPort && event['network.initiated'] === initiated,
        ),
        'event.duration': (ns) => Number(ns) > 0,
        'source.bytes': answered.asked,
        'destination.bytes': answered.told,
        'network.bytes_source': 'calls',
      });
      return [
        account(
          'network.connection',
          { 'source.port': clientPort, 'destination.port': port },
          { ...common, ...ends, ...opened, 'event.action': 'connected', 'network.initiated': true },
          { ...common, ...ends, ...opened, 'event.action': 'accepted', 'network.initiated': false },
          ended(true),
          ended(false),
        ),
        account(
          'network.connection',
          (event) => event['source.port'] === port && event['destination.port'] === undefined,
          {
            ...common,
            ...opened,
            'event.action': 'listening',
            'network.initiated': false,
            'source.ip': host,
            'source.port': port,
          },
          {
            ...common,
            'event.action': 'closed',
            'network.initiated': false,
            'source.ip': host,
            'source.port': port,
            'network.connection_id': sameIdAs(
              stage,
              (event) => event['source.port'] === port && event['event.action'] === 'listening',
            ),
            'event.duration': (ns) => Number(ns) > 0,
          },
        ),
      ];
    },
  };
}

/** A port that was free a moment ago. */
export async function freePort(host: string): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const refused: Act = {
  name: 'a connection that is refused',
  async perform(stage) {
    const host = '127.0.0.1';
    const port = await freePort(host);
    const local = await freePort(host);
    await stage.settle();
    const client = connect({ port, host, localPort: local });
    await once(client, 'error').catch(() => {});
    return [
      account(
        'network.connection',
        { 'source.port': local, 'destination.port': port },
        {
          'event.provider': 'tracefs',
          'event.action': 'failed',
          'network.transport': 'tcp',
          'network.initiated': true,
          'network.connection_id': /^[0-9a-f]{20}$/,
          'source.ip': host,
          'source.port': local,
          'destination.ip': host,
          'destination.port': port,
          'event.duration': (ns) => Number(ns) >= 0,
          ...owner(stage),
        },
      ),
    ];
  },
};

const udp: Act = {
  name: 'a UDP socket is open and closed',
  async perform(stage) {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const { port } = socket.address();
    const isIt = (event: Connection) => event['source.port'] === port && event['network.transport'] === 'udp';
    await stage.got.until('network.connection', isIt);
    socket.close();
    const common = {
      'event.provider': 'procfs',
      'network.transport': 'udp',
      'network.initiated': false,
      'source.ip': '127.0.0.1',
      'source.port': port,
      ...owner(stage),
    };
    return [
      account(
        'network.connection',
        isIt,
        { ...common, 'event.action': 'listening', 'network.connection_id': /./ },
        {
          ...common,
          'event.action': 'closed',
          'network.connection_id': sameIdAs(stage, isIt),
          'event.duration': (ns) => Number(ns) > 0,
        },
      ),
    ];
  },
};

export const networkActs: readonly Act[] = [
  conversation('a conversation over IPv4', '127.0.0.1'),
  conversation('a conversation over IPv6', '::1'),
  refused,
  udp,
];
