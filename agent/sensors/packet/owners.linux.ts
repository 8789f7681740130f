import type { LinuxHost } from '../linux/host.ts';
import { addressesOf, readRows, type SocketRow } from '../network/sockets.linux.ts';
import type { Settings } from '../options.ts';
import { ownerFields } from '../process/events.ts';
import type { Endpoints } from './flow/endpoints.ts';
import type { OwnerFields, Owners } from './owners.ts';

/** Between two listings of the host's sockets, which take the kernel some milliseconds. */
const listMs = 2000;
/** Connections looked up in one listing; those beyond have no owner told. */
const maxWanted = 512;
/** Owners remembered; the oldest goes first. */
const maxKnown = 4096;
const chunkBytes = 64 * 1024;

/** Owners of TCP connections from /proc/net/tcp and tcp6 and the open descriptors of processes. */
export class OwnersLinux implements Owners {
  readonly #host: LinuxHost;
  readonly #settings: Settings;
  readonly #chunk = Buffer.allocUnsafeSlow(chunkBytes);
  /** By both ports, from either end. */
  readonly #wanted = new Map<number, Endpoints[]>();
  readonly #wantedIds = new Set<string>();
  readonly #known = new Map<string, OwnerFields>();
  #listedAtMs = Number.NEGATIVE_INFINITY;

  constructor(host: LinuxHost, settings: Settings) {
    this.#host = host;
    this.#settings = settings;
  }

  want(endpoints: Endpoints): void {
    const { transport, clientPort, serverPort, communityId } = endpoints;
    if (transport !== 'tcp' || this.#wantedIds.size >= maxWanted) return;
    this.#wantedIds.add(communityId);
    // Ports are used again; what is known of the last connection must not be told of this one.
    this.#known.delete(communityId);
    for (const key of new Set([portsKey(clientPort, serverPort), portsKey(serverPort, clientPort)])) {
      const list = this.#wanted.get(key);
      if (list === undefined) this.#wanted.set(key, [endpoints]);
      else list.push(endpoints);
    }
  }

  settle(): void {
    const nowMs = performance.now();
    if (this.#wantedIds.size === 0 || nowMs - this.#listedAtMs < listMs) return;
    this.#listedAtMs = nowMs;
    const found: (readonly [Endpoints, SocketRow])[] = [];
    for (const name of ['tcp', 'tcp6']) {
      readRows(`${this.#settings.procRoot}/net/${name}`, 'tcp', this.#chunk, (row) => {
        const endpoints = this.#match(row);
        if (endpoints !== undefined) found.push([endpoints, row]);
      });
    }
    if (found.length > 0) this.#learn(found);
    this.#wanted.clear();
    this.#wantedIds.clear();
  }

  ownerOf(communityId: string): OwnerFields | 'wanted' | undefined {
    return this.#wantedIds.has(communityId) ? 'wanted' : this.#known.get(communityId);
  }

  #match(row: SocketRow): Endpoints | undefined {
    if (row.inode === 0) return undefined;
    const candidates = this.#wanted.get(portsKey(row.localPort, row.remotePort));
    const addresses = candidates && addressesOf(row);
    return addresses && candidates.find((endpoints) => isEnd(endpoints, row, addresses));
  }

  #learn(found: readonly (readonly [Endpoints, SocketRow])[]): void {
    const { reader, fds, kernel } = this.#host;
    // A program that began a moment ago is known by what it was before until its record is read.
    kernel?.trace.drain();
    reader.scanIfOlder(this.#settings.intervalMs.process);
    fds.updateIfOlder(listMs / 2);
    // A socket that is younger than the table is not in it.
    if (found.some(([, row]) => fds.ownerOf(row.inode) === undefined)) fds.update();
    for (const [endpoints, row] of found) {
      const isClient = row.localPort === endpoints.clientPort;
      // Where both ends are on this host, the client is told.
      if (!isClient && this.#known.has(endpoints.communityId)) continue;
      if (this.#known.size >= maxKnown) this.#known.delete(this.#known.keys().next().value as string);
      this.#known.set(endpoints.communityId, this.#fieldsOf(row));
    }
  }

  #fieldsOf(row: SocketRow): OwnerFields {
    const { fds, processes, reader, users } = this.#host;
    const pid = fds.ownerOf(row.inode);
    const owner = pid === undefined ? undefined : (processes.get(pid) ?? reader.observe(pid));
    return {
      'process.pid': pid,
      ...ownerFields(owner),
      'user.id': row.userId,
      'user.name': users.nameOf(row.userId),
    };
  }
}

function portsKey(localPort: number, remotePort: number): number {
  return localPort * 65_536 + remotePort;
}

function isEnd(endpoints: Endpoints, row: SocketRow, addresses: { local: string; remote: string }): boolean {
  const { clientIp, clientPort, serverIp, serverPort } = endpoints;
  const isClient =
    row.localPort === clientPort && addresses.local === clientIp && addresses.remote === serverIp;
  const isServer =
    row.localPort === serverPort && addresses.local === serverIp && addresses.remote === clientIp;
  return (isClient && row.remotePort === serverPort) || (isServer && row.remotePort === clientPort);
}
