import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { loadBinding } from '../../agent/sensors/packet/capture/binding.ts';
import type { selfActor } from './actors.ts';
import type { Stage } from './stage.ts';
import { type Fields, maybe } from './told.ts';

/** What acts that are told from packets have in common. */

export const lacksCapture = () => {
  const binding = loadBinding();
  return typeof binding === 'string' && binding;
};

/** An address of the loopback network that nobody else is likely to have. */
export function ownHost(last: number): string {
  return `127.${(process.pid >> 8) & 255}.${process.pid & 255}.${last}`;
}

export interface Ends {
  readonly 'source.ip': string;
  readonly 'source.port': number;
  readonly 'destination.ip': string;
  readonly 'destination.port': number;
}

/** Community ID version 1, seed 0, of an IPv4 flow, by its specification (corelight/community-id-spec). */
export function communityId(ends: Ends, protocol: 6 | 17): string {
  const end = (ip: string, port: number) => ({
    ip: Buffer.from(ip.split('.').map(Number)),
    port: Buffer.from([port >> 8, port & 255]),
  });
  const [low, high] = [
    end(ends['source.ip'], ends['source.port']),
    end(ends['destination.ip'], ends['destination.port']),
  ].sort((a, b) => a.ip.compare(b.ip) || a.port.compare(b.port));
  if (low === undefined || high === undefined) return '';
  const bytes = [Buffer.alloc(2), low.ip, high.ip, Buffer.from([protocol, 0]), low.port, high.port];
  return `1:${createHash('sha1').update(Buffer.concat(bytes)).digest('base64')}`;
}

export const overTcp = (ends: Ends): Fields<'network.flow'> => ({
  'event.provider': 'pcap',
  'network.transport': 'tcp',
  'network.community_id': communityId(ends, 6),
  ...ends,
});

/** The owner, or nothing where its socket was gone before anybody looked. */
export function maybeOwner(fields: ReturnType<typeof selfActor>): Fields<'network.flow'> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, expected]) => [name, maybe(expected ?? 'nothing')]),
  );
}

/** A server on loopback, on any port. */
export async function listen(stage: Stage, onSocket: (socket: Socket) => void): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, onSocket).listen(0, '127.0.0.1');
  await once(server, 'listening');
  stage.atEnd(() => server.close());
  return (server.address() as AddressInfo).port;
}
