import { hash } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { nowUs } from '#shared/clock.ts';
import { BoundedFile } from '../linux/bounded-file.ts';
import type { LinuxHost } from '../linux/host.ts';
import type { Settings } from '../options.ts';
import type { Provider } from '../provider.ts';
import type { Emit } from '../sensor.ts';
import { type Connection, connectionEvent } from './connections.ts';
import {
  addressesOf,
  maxRows,
  readRows,
  type SocketRow,
  socketCounters,
  type Transport,
} from './sockets.linux.ts';

const files: readonly (readonly [string, Transport])[] = [
  ['tcp', 'tcp'],
  ['tcp6', 'tcp'],
  ['udp', 'udp'],
  ['udp6', 'udp'],
];
/** Looks after which sockets are listed although the counters stayed the same (a UDP socket took another's place). */
const listAnyway = 20;
/** Milliseconds between walks of all processes for a socket whose owner was not found the cheap way. */
const walkAllMs = 10_000;

interface Kept extends Connection {
  seenList: number;
}

/** Ports that listen, at the last list and the one before: a server may close its port after accepting. */
interface ListeningPorts {
  now: Set<number>;
  before: Set<number>;
}

/** Sockets of the agent's own network namespace from /proc/net, with their owners from /proc/PID/fd. */
export class NetworkLinux implements Provider {
  readonly kind = 'linux';
  readonly mode = 'sampled';
  readonly #host: LinuxHost;
  readonly #settings: Settings;
  readonly #file = new BoundedFile(64 * 1024);
  readonly #kept = new Map<string, Kept>();
  readonly #ports: Record<Transport, ListeningPorts> = {
    tcp: { now: new Set(), before: new Set() },
    udp: { now: new Set(), before: new Set() },
  };
  #counters: Readonly<Record<Transport, string>> | undefined;
  #looks = 0;
  #list = 0;
  #walkedAllAtMs = 0;
  #cut = false;

  constructor(host: LinuxHost, settings: Settings) {
    this.#host = host;
    this.#settings = settings;
  }

  async open(): Promise<string | undefined> {
    const { procRoot } = this.#settings;
    const readable = files.some(([name]) => isReadable(`${procRoot}/net/${name}`));
    return readable ? undefined : `${procRoot}/net lists no sockets`;
  }

  async look(emit: Emit): Promise<void> {
    const before = this.#counters;
    const now = socketCounters(this.#settings.procRoot, this.#file);
    this.#counters = now;
    const anyway = this.#looks++ % listAnyway === 0;
    const due = new Set<Transport>();
    for (const transport of ['tcp', 'udp'] as const) {
      if (anyway || now === undefined || now[transport] !== before?.[transport]) due.add(transport);
    }
    if (due.size > 0) this.#renew(due, emit);
  }

  note(): string {
    const cut = this.#cut ? `; only the first ${maxRows} sockets of a kind are seen` : '';
    const denied = this.#host.fds.denied ? "; owners of other users' sockets are not seen" : '';
    return `sampled: connections shorter than the interval are not seen${denied}${cut}`;
  }

  async close(): Promise<void> {
    this.#kept.clear();
  }

  #renew(due: ReadonlySet<Transport>, emit: Emit): void {
    const baseline = this.#list === 0;
    const list = ++this.#list;
    const fresh = this.#readAll(due);
    const time = nowUs();
    if (fresh.length > 0) {
      this.#findOwners(fresh);
      for (const row of fresh) this.#opened(row, time, baseline, emit);
    }
    for (const [key, kept] of this.#kept) {
      if (kept.seenList === list || !due.has(kept.transport)) continue;
      this.#kept.delete(key);
      emit(connectionEvent(kept, 'closed', time, false));
    }
  }

  /** Reads the files of these transports, marks what is known, and gives the rows that are new. */
  #readAll(due: ReadonlySet<Transport>): SocketRow[] {
    const fresh: SocketRow[] = [];
    for (const transport of due) {
      const ports = this.#ports[transport];
      ports.before = ports.now;
      ports.now = new Set();
    }
    this.#cut = false;
    for (const [name, transport] of files) {
      if (!due.has(transport)) continue;
      const path = `${this.#settings.procRoot}/net/${name}`;
      const rows = readRows(path, transport, this.#file.buffer, (row) => {
        if (row.state === 'other') return;
        if (row.state === 'listening') this.#ports[transport].now.add(row.localPort);
        const kept = this.#kept.get(row.key);
        if (kept === undefined) fresh.push(row);
        else kept.seenList = this.#list;
      });
      if (rows >= maxRows) this.#cut = true;
    }
    return fresh;
  }

  #findOwners(fresh: readonly SocketRow[]): void {
    const { reader, fds } = this.#host;
    reader.scanIfOlder(this.#settings.intervalMs.process / 2);
    fds.update();
    if (fds.denied || fresh.every((row) => fds.ownerOf(row.inode) !== undefined)) return;
    const nowMs = Date.now();
    if (Math.abs(nowMs - this.#walkedAllAtMs) < walkAllMs) return;
    this.#walkedAllAtMs = nowMs;
    fds.walkAll();
  }

  #opened(row: SocketRow, time: number, baseline: boolean, emit: Emit): void {
    const addresses = addressesOf(row);
    if (addresses === undefined) return;
    const { fds, processes, reader, users, boot } = this.#host;
    const ownerPid = fds.ownerOf(row.inode);
    const { now, before } = this.#ports[row.transport];
    const accepted = now.has(row.localPort) || before.has(row.localPort);
    const kept: Kept = {
      id: hash('sha256', `${boot.id} ${row.key}`).slice(0, 20),
      transport: row.transport,
      how: row.state === 'listening' ? 'listening' : accepted ? 'accepted' : 'connected',
      localIp: addresses.local,
      localPort: row.localPort,
      remoteIp: addresses.remote,
      remotePort: row.remotePort,
      ownerPid,
      owner: ownerPid === undefined ? undefined : (processes.get(ownerPid) ?? reader.observe(ownerPid)),
      userId: row.userId,
      userName: users.nameOf(row.userId),
      seenList: this.#list,
    };
    this.#kept.set(row.key, kept);
    emit(connectionEvent(kept, kept.how, time, baseline));
  }
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
