import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { nodeKind } from '../device/node-kinds.ts';
import type { Settings } from '../options.ts';

/** Descriptors of one process that are looked at in one walk. */
const maxFdsPerWalk = 16_384;
const maxDevicesPerProcess = 256;
/** Socket inodes remembered over all processes. */
const maxSockets = 262_144;
/**
 * A process whose number of descriptors stays the same is walked again after it was looked at so many times: it may
 * have opened one and closed another. More often where the kernel does not tell the number, and where a look is rare.
 */
const rotation = 30;
const rotationUncounted = 5;
const rotationCalm = 8;
/** A process whose number stayed the same for so long is calm. */
const calmMs = 60_000;
/** Calm processes that are looked at in one update; more take turns, so that a host costs no more for having many. */
export const calmPerUpdate = 40;
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
  /** Times it was looked at; begins anywhere, so that those that began together are not walked together. */
  looks: number;
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
 * since Linux 6.2; 0 before), and else once in so many looks.
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
  /** How many calm processes, in the order of the process table, had their turn. */
  #calmFrom = 0;
  /** Every process is walked now. */
  #isEach = false;
  /** True once the kernel told a number of descriptors. */
  #counted = false;
  /** True once a folder could not be read for want of a right. */
  denied = false;

  constructor(settings: Settings, userPids: () => Iterable<number>) {
    this.#procRoot = settings.procRoot;
    this.#devPrefix = `${settings.devRoot}/`;
    this.#userPids = userPids;
  }

  /**
   * Brings the table up to date with the processes the process table knows: all of them, or with `due` of the calm ones
   * only those whose turn it is.
   */
  update(extent: 'all' | 'due' = 'all'): void {
    const update = ++this.#update;
    this.#updatedAtMs = Date.now();
    let calm = 0;
    for (const pid of this.#userPids()) {
      const holder = this.#holders.get(pid);
      const isCalm = holder !== undefined && this.#isCalm(holder);
      if (extent === 'due' && isCalm && !this.#isTurn(calm++)) holder.seenUpdate = update;
      else if (holder === undefined) this.#meet(pid);
      else this.#look(holder, isCalm);
    }
    if (extent === 'due') {
      const next = this.#calmFrom + calmPerUpdate;
      this.#calmFrom = next < calm ? next : 0;
    }
    for (const holder of this.#holders.values()) {
      if (holder.seenUpdate !== update) this.#forget(holder);
    }
  }

  /** Its number has not changed for a while, and it holds nothing whose release is waited for. */
  #isCalm({ changedAtMs, devices }: Holder): boolean {
    return this.#counted && devices.length === 0 && Math.abs(this.#updatedAtMs - changedAtMs) >= calmMs;
  }

  #isTurn(calm: number): boolean {
    return calm >= this.#calmFrom && calm < this.#calmFrom + calmPerUpdate;
  }

  #meet(pid: number): void {
    // Those of the first update have been there for longer.
    const foundAtMs = this.#update === 1 ? 0 : this.#updatedAtMs;
    this.#walk({
      pid,
      fdCount: this.#fdCount(pid),
      looks: pid,
      foundAtMs,
      walkedAtMs: 0,
      changedAtMs: foundAtMs,
      sockets: [],
      devices: [],
      seenUpdate: this.#update,
    });
  }

  /** Walks a known process if there may be something new. */
  #look(holder: Holder, isCalm: boolean): void {
    const fdCount = this.#fdCount(holder.pid);
    const isSame = fdCount === holder.fdCount;
    const isYoung = Math.abs(this.#updatedAtMs - holder.foundAtMs) < youngMs;
    const turns = this.#counted ? (isCalm ? rotationCalm : rotation) : rotationUncounted;
    holder.seenUpdate = this.#update;
    holder.looks++;
    if (!isSame) holder.changedAtMs = this.#updatedAtMs;
    if (isSame && !this.#isEach && !isYoung && holder.looks % turns !== 0) return;
    if (Math.abs(this.#updatedAtMs - holder.walkedAtMs) < fdCount * restMsPerFd) return;
    holder.fdCount = fdCount;
    this.#walk(holder);
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
    this.#isEach = true;
    this.update();
    this.#isEach = false;
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
