import { hash } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { nowUs } from '../instant.ts';
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
const listAnyway = 10;
/** Milliseconds between walks of all processes for a socket whose owner was not found the cheap way. */
const walkAllMs = 10_000;

interface Kept extends Connection {
  seenList: number;
}

/** Sockets of the agent's own network namespace from /proc/net, with their owners from /proc/PID/fd. */
export class NetworkLinux implements Provider {
  readonly kind = 'linux';
  readonly mode = 'sampled';
  readonly #host: LinuxHost;
  readonly #settings: Settings;
  readonly #file = new BoundedFile(64 * 1024);
  readonly #kept = new Map<string, Kept>();
  /** `transport port` of sockets that listen, now and one list ago: a server may close its port after accepting. */
  #listening = new Set<string>();
  #listeningBefore = new Set<string>();
  #counters: string | undefined;
  #looks = 0;
  #lists = 0;
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
    const counters = socketCounters(this.#settings.procRoot, this.#file);
    const same = counters !== undefined && counters === this.#counters;
    this.#counters = counters;
    if (same && this.#looks++ % listAnyway !== 0) return;
    this.#list(emit);
  }

  note(): string {
    const cut = this.#cut ? `; only the first ${maxRows} sockets of a kind are seen` : '';
    const denied = this.#host.fds.denied ? "; owners of other users' sockets are not seen" : '';
    return `sampled: connections shorter than the interval are not seen${denied}${cut}`;
  }

  async close(): Promise<void> {
    this.#kept.clear();
  }

  #list(emit: Emit): void {
    const baseline = this.#lists === 0;
    const list = ++this.#lists;
    const fresh = this.#readAll(list);
    const time = nowUs();
    if (fresh.length > 0) {
      this.#findOwners(fresh);
      for (const row of fresh) this.#opened(row, list, time, baseline, emit);
    }
    for (const [key, kept] of this.#kept) {
      if (kept.seenList === list) continue;
      this.#kept.delete(key);
      emit(connectionEvent(kept, 'closed', time, false));
    }
  }

  /** Reads every file, marks what is known, and gives the rows that are new. */
  #readAll(list: number): SocketRow[] {
    const fresh: SocketRow[] = [];
    this.#listeningBefore = this.#listening;
    this.#listening = new Set();
    this.#cut = false;
    for (const [name, transport] of files) {
      const path = `${this.#settings.procRoot}/net/${name}`;
      const rows = readRows(path, transport, this.#file.buffer, (row) => {
        if (row.state === 'other') return;
        if (row.state === 'listening') this.#listening.add(`${transport} ${row.localPort}`);
        const kept = this.#kept.get(row.key);
        if (kept === undefined) fresh.push(row);
        else kept.seenList = list;
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

  #opened(row: SocketRow, list: number, time: number, baseline: boolean, emit: Emit): void {
    const addresses = addressesOf(row);
    if (addresses === undefined) return;
    const { fds, processes, reader, users, boot } = this.#host;
    const ownerPid = fds.ownerOf(row.inode);
    const port = `${row.transport} ${row.localPort}`;
    const accepted = this.#listening.has(port) || this.#listeningBefore.has(port);
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
      seenList: list,
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
