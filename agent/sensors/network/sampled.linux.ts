import { hash } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { nowUs } from '#shared/clock.ts';
import { BoundedFile } from '../linux/bounded-file.ts';
import type { LinuxHost } from '../linux/host.ts';
import type { Settings } from '../options.ts';
import type { Emit } from '../sensor.ts';
import { type Connection, connectionEvent, tupleOf } from './connections.ts';
import type { SocketTotals } from './socket-totals.linux.ts';
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
  readonly openedAt: number | undefined;
}

/** Ports that listen, at the last list and the one before: a server may close its port after accepting. */
interface ListeningPorts {
  now: Set<number>;
  before: Set<number>;
}

/** Where the sockets of a network namespace are listed. */
export interface NetPlace {
  /** The namespace's /proc/net, or /proc/PID/net of a process that lives in it. */
  readonly folder: string;
  /** Whether what is there at the first look was there before the sensor started. */
  readonly isBaseline: boolean;
}

/** Sockets of one network namespace from /proc/net, with their owners from /proc/PID/fd. */
export class SampledSockets {
  readonly #host: LinuxHost;
  readonly #settings: Settings;
  readonly #totals: SocketTotals;
  readonly #isBaseline: boolean;
  /** Where the sockets are listed now: the process by whose way they are may end before the namespace does. */
  folder: string;
  readonly #file = new BoundedFile(64 * 1024);
  /** Rows of a list of sockets on their way through. */
  readonly #chunk = Buffer.allocUnsafeSlow(64 * 1024);
  readonly #kept = new Map<string, Kept>();
  readonly #ports: Record<Transport, ListeningPorts> = {
    tcp: { now: new Set(), before: new Set() },
    udp: { now: new Set(), before: new Set() },
  };
  /** Connections another told of, by their ends: these are not told again. */
  #told = new Map<string, Connection>();
  #counters: ReturnType<typeof socketCounters>;
  #looks = 0;
  #list = 0;
  #walkedAllAtMs = 0;
  #cut = false;

  constructor(host: LinuxHost, settings: Settings, totals: SocketTotals, place: NetPlace) {
    this.#host = host;
    this.#settings = settings;
    this.#totals = totals;
    this.folder = place.folder;
    this.#isBaseline = place.isBaseline;
  }

  /** Whether there is a list of sockets to be read. */
  isThere(): boolean {
    return files.some(([name]) => isReadable(`${this.folder}/${name}`));
  }

  /** Tells what changed since the last look of these transports; all that is there at the first. */
  look(emit: Emit, transports: readonly Transport[]): void {
    const before = this.#counters;
    const now = socketCounters(this.folder, this.#file, transports);
    this.#counters = now;
    const anyway = this.#looks++ % listAnyway === 0;
    const due = new Set(
      transports.filter((one) => anyway || now === undefined || now[one] !== before?.[one]),
    );
    if (due.size > 0) this.#renew(due, emit);
    const isOpen = (kept: Kept) => kept.transport === 'tcp' && kept.how !== 'listening';
    if (transports.includes('tcp') && [...this.#kept.values()].some(isOpen)) this.#totals.refresh();
  }

  /** Gives what is known of TCP and forgets it: another goes on. */
  handOver(): Connection[] {
    const kept = [...this.#kept].filter(([, { transport }]) => transport === 'tcp');
    for (const [key] of kept) this.#kept.delete(key);
    return kept.map(([, connection]) => connection);
  }

  /** Goes on from what another knew of TCP. */
  takeOver(known: readonly Connection[]): void {
    this.#told = new Map(known.map((connection) => [tupleOf(connection), connection]));
    this.#counters = undefined;
  }

  /** TCP as it is now, by its ends, without telling of anything. */
  present(): Map<string, Connection> {
    const found = new Map<string, Connection>();
    const rows = this.#read(new Set(['tcp']), (row) => row.state !== 'other');
    this.#findOwners(rows);
    for (const row of rows) {
      const connection = this.#connectionOf(row);
      if (connection !== undefined) found.set(tupleOf(connection), connection);
    }
    return found;
  }

  note(): string | undefined {
    const cut = this.#cut ? [`only the first ${maxRows} sockets of a kind are seen`] : [];
    const denied = this.#host.fds.denied ? ["owners of other users' sockets are not seen"] : [];
    return [...denied, ...cut].join('; ') || undefined;
  }

  /** The namespace is gone, and all that was open in it. */
  end(emit: Emit): void {
    const time = nowUs();
    for (const kept of this.#kept.values()) this.#closed(kept, time, emit);
    this.#kept.clear();
  }

  close(): void {
    this.#kept.clear();
  }

  #renew(due: ReadonlySet<Transport>, emit: Emit): void {
    const baseline = this.#list === 0 && this.#isBaseline;
    const list = ++this.#list;
    const fresh = this.#readNew(due);
    const time = nowUs();
    if (fresh.length > 0) {
      this.#findOwners(fresh);
      for (const row of fresh) this.#opened(row, time, baseline, emit);
    }
    for (const [key, kept] of this.#kept) {
      if (kept.seenList === list || !due.has(kept.transport)) continue;
      this.#kept.delete(key);
      this.#closed(kept, time, emit);
    }
    if (!due.has('tcp')) return;
    for (const gone of this.#told.values())
      emit(connectionEvent(gone, 'closed', { time, provider: 'procfs' }));
    this.#told.clear();
  }

  #closed(kept: Kept, time: number, emit: Emit): void {
    const isConnection = kept.transport === 'tcp' && kept.how !== 'listening';
    const bytes = isConnection ? this.#totals.of(tupleOf(kept)) : {};
    emit(connectionEvent(kept, 'closed', { time, openedAt: kept.openedAt, provider: 'procfs', ...bytes }));
  }

  /** Marks the sockets that are known, and gives the rows of those that are new. */
  #readNew(due: ReadonlySet<Transport>): SocketRow[] {
    return this.#read(due, (row) => {
      const kept = this.#kept.get(row.key);
      if (kept !== undefined) kept.seenList = this.#list;
      return kept === undefined;
    });
  }

  /** Reads the files of these transports. Gives the rows `accept` wants, of those that have an owner. */
  #read(due: ReadonlySet<Transport>, accept: (row: SocketRow) => boolean): SocketRow[] {
    const accepted: SocketRow[] = [];
    for (const transport of due) {
      const ports = this.#ports[transport];
      ports.before = ports.now;
      ports.now = new Set();
    }
    this.#cut = false;
    for (const [name, transport] of files) {
      if (!due.has(transport)) continue;
      const path = `${this.folder}/${name}`;
      const rows = readRows(path, transport, this.#chunk, (row) => {
        if (row.state === 'other') return;
        if (row.state === 'listening') this.#ports[transport].now.add(row.localPort);
        if (accept(row)) accepted.push(row);
      });
      if (rows >= maxRows) this.#cut = true;
    }
    return accepted;
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
    const connection = this.#connectionOf(row);
    if (connection === undefined) return;
    const tuple = tupleOf(connection);
    const told = row.transport === 'tcp' ? this.#told.get(tuple) : undefined;
    this.#told.delete(tuple);
    this.#kept.set(row.key, {
      ...(told ?? connection),
      seenList: this.#list,
      openedAt: baseline || told !== undefined ? undefined : time,
    });
    if (told === undefined) {
      emit(connectionEvent(connection, connection.how, { time, baseline, provider: 'procfs' }));
    }
  }

  #connectionOf(row: SocketRow): Connection | undefined {
    const addresses = addressesOf(row);
    if (addresses === undefined) return undefined;
    const { fds, processes, reader, users, boot } = this.#host;
    const ownerPid = fds.ownerOf(row.inode);
    const { now, before } = this.#ports[row.transport];
    const accepted = now.has(row.localPort) || before.has(row.localPort);
    return {
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
    };
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
