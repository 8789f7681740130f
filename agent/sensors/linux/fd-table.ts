import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { nodeKind } from '../device/node-kinds.ts';
import type { Settings } from '../options.ts';

/** Descriptors of one process that are looked at in one walk. */
const maxFdsPerWalk = 16_384;
const maxDevicesPerProcess = 256;
/** Socket inodes remembered over all processes. */
const maxSockets = 262_144;
/**
 * A process whose number of descriptors stays the same is walked again after this many updates: it may have opened
 * one and closed another. More often where the kernel does not tell the number.
 */
const rotation = 30;
const rotationUncounted = 5;
/** A process whose number stayed the same for so long is calm: due in every other update. */
const calmMs = 60_000;
/**
 * Rest after a walk, per descriptor: reading a link takes about 3 µs, so one process costs at most 1% of a processor
 * however many descriptors it has and however often they change.
 */
const restMsPerFd = 0.3;
/** A process that has just begun opens and closes one file after the other: its count of descriptors says little. */
const youngMs = 2000;

interface Holder {
  readonly pid: number;
  fdCount: number;
  readonly foundAtMs: number;
  walkedAtMs: number;
  changedAtMs: number;
  sockets: readonly number[];
  devices: readonly string[];
  seenUpdate: number;
}

/**
 * Which process holds which socket and which device node, from the links in /proc/PID/fd. Reading links is dear,
 * so a process is walked while it is new, when the number of its descriptors changed (st_size of /proc/PID/fd,
 * since Linux 6.2; 0 before), and else once in `rotation` updates.
 */
export class FdTable {
  readonly #procRoot: string;
  readonly #devPrefix: string;
  readonly #userPids: () => Iterable<number>;
  readonly #holders = new Map<number, Holder>();
  readonly #ownerOf = new Map<number, number>();
  readonly #withDevices = new Set<Holder>();
  #update = 0;
  #updatedAtMs = 0;
  /** True once the kernel told a number of descriptors. */
  #counted = false;
  /** True once a folder could not be read for want of a right. */
  denied = false;

  constructor(settings: Settings, userPids: () => Iterable<number>) {
    this.#procRoot = settings.procRoot;
    this.#devPrefix = `${settings.devRoot}/`;
    this.#userPids = userPids;
  }

  /** Brings the table up to date with the processes the process table knows: all of them, or all but half of the calm. */
  update(extent: 'all' | 'due' = 'all'): void {
    const update = ++this.#update;
    this.#updatedAtMs = Date.now();
    const turns = this.#counted ? rotation : rotationUncounted;
    for (const pid of this.#userPids()) {
      const holder = this.#holders.get(pid);
      if (extent === 'due' && holder !== undefined && this.#isLeft(holder, update)) continue;
      const fdCount = this.#fdCount(pid);
      if (holder === undefined) {
        this.#walk({
          pid,
          fdCount,
          // Those of the first update have been there for longer.
          foundAtMs: update === 1 ? 0 : this.#updatedAtMs,
          walkedAtMs: 0,
          changedAtMs: this.#updatedAtMs,
          sockets: [],
          devices: [],
          seenUpdate: update,
        });
        continue;
      }
      holder.seenUpdate = update;
      if (fdCount !== holder.fdCount) holder.changedAtMs = this.#updatedAtMs;
      const isYoung = Math.abs(this.#updatedAtMs - holder.foundAtMs) < youngMs;
      if (fdCount === holder.fdCount && !isYoung && (pid + update) % turns !== 0) continue;
      if (Math.abs(this.#updatedAtMs - holder.walkedAtMs) < fdCount * restMsPerFd) continue;
      holder.fdCount = fdCount;
      this.#walk(holder);
    }
    for (const holder of this.#holders.values()) {
      if (holder.seenUpdate !== update) this.#forget(holder);
    }
  }

  /** A calm process whose turn is the next update; that it ended is seen there as well. */
  #isLeft(holder: Holder, update: number): boolean {
    if (!this.#counted || ((holder.pid + update) & 1) === 0) return false;
    if (this.#updatedAtMs - holder.changedAtMs < calmMs) return false;
    holder.seenUpdate = update;
    return true;
  }

  updateIfOlder(ageMs: number, extent: 'all' | 'due' = 'all'): void {
    const age = Date.now() - this.#updatedAtMs;
    if (this.#update === 0 || age >= ageMs || age < 0) this.update(extent);
  }

  /** Pid of a process that holds the socket, as of the last walk of that process. */
  ownerOf(inode: number): number | undefined {
    return this.#ownerOf.get(inode);
  }

  /** Every process with sensitive device nodes open (`nodeKind`), with their paths, each once. */
  *deviceHolders(): IterableIterator<{ readonly pid: number; readonly devices: readonly string[] }> {
    yield* this.#withDevices;
  }

  /** Walks every process regardless of what its counts say, but those that rest. */
  walkAll(): void {
    for (const holder of this.#holders.values()) holder.fdCount = -1;
    this.update();
  }

  #fdCount(pid: number): number {
    try {
      const count = statSync(`${this.#procRoot}/${pid}/fd`, { throwIfNoEntry: false })?.size ?? -1;
      this.#counted ||= count > 0;
      return count;
    } catch {
      return -1;
    }
  }

  #walk(holder: Holder): void {
    const { sockets, devices } = this.#linksOf(holder.pid);
    this.#disown(holder);
    holder.walkedAtMs = this.#updatedAtMs;
    holder.sockets = sockets;
    holder.devices = devices;
    for (const inode of sockets) {
      const owner = this.#ownerOf.get(inode);
      if (owner !== undefined && owner < holder.pid && this.#holders.has(owner)) continue;
      if (this.#ownerOf.size < maxSockets) this.#ownerOf.set(inode, holder.pid);
    }
    if (devices.length > 0) this.#withDevices.add(holder);
    else this.#withDevices.delete(holder);
    this.#holders.set(holder.pid, holder);
  }

  #linksOf(pid: number): { sockets: number[]; devices: string[] } {
    const folder = `${this.#procRoot}/${pid}/fd`;
    const sockets: number[] = [];
    const devices: string[] = [];
    for (const fd of this.#list(folder)) {
      const link = readLink(`${folder}/${fd}`);
      if (link === undefined) continue;
      if (link.startsWith('socket:[')) sockets.push(Number.parseInt(link.slice(8), 10));
      else if (link.startsWith(this.#devPrefix) && devices.length < maxDevicesPerProcess) {
        const known = devices.includes(link) || nodeKind(link.slice(this.#devPrefix.length)) === undefined;
        if (!known) devices.push(link);
      }
    }
    return { sockets, devices };
  }

  #list(folder: string): readonly string[] {
    try {
      const fds = readdirSync(folder);
      return fds.length > maxFdsPerWalk ? fds.slice(0, maxFdsPerWalk) : fds;
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EACCES') this.denied = true;
      return [];
    }
  }

  #disown(holder: Holder): void {
    for (const inode of holder.sockets) {
      if (this.#ownerOf.get(inode) === holder.pid) this.#ownerOf.delete(inode);
    }
  }

  #forget(holder: Holder): void {
    this.#disown(holder);
    this.#withDevices.delete(holder);
    this.#holders.delete(holder.pid);
  }
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
