import { hash } from 'node:crypto';
import { closeSync, openSync, readFileSync, readSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What the kernel reads for us: so many bytes from the first argument on, behind which the others lie, each with its
 * NUL (Linux lays them out so at every exec, fs/exec.c). Read as numbers in arrays, which have one size: texts of any
 * length could outgrow the probe's buffer, at which the kernel warns, and stops if it is told to stop at warnings.
 */
export const probedParts = ['head', 'tail'] as const;
const partNumbers = 64;
const partBytes = partNumbers * 8;

/** Loaders of the C libraries, by the names programs give them in PT_INTERP. */
const loaders = [
  '/lib64/ld-linux-x86-64.so.2',
  '/lib/ld-linux-aarch64.so.1',
  '/lib/ld-linux-riscv64-lp64d.so.1',
  '/lib/ld-musl-x86_64.so.1',
  '/lib/ld-musl-aarch64.so.1',
];

/** Loaders that have been probed in one run: those of the host, and some that took their place. */
const maxProbes = 32;

const elf64Bytes = 64;
const programHeaderBytes = 56;
const maxProgramHeaders = 64;
const typeLoad = 1;

/**
 * Where in a 64-bit ELF file its first instruction lies (System V ABI, ELF header and program headers). Undefined for
 * anything else.
 */
export function entryOffset(path: string): number | undefined {
  const fd = openSync(path, 'r');
  try {
    const head = Buffer.alloc(elf64Bytes + programHeaderBytes * maxProgramHeaders);
    const length = readSync(fd, head, 0, head.length, 0);
    return length < elf64Bytes ? undefined : entryOffsetIn(head.subarray(0, length));
  } finally {
    closeSync(fd);
  }
}

/** The same, from the first bytes of the file. */
export function entryOffsetIn(head: Buffer): number | undefined {
  const isElf64 =
    head.length >= elf64Bytes && head.readUInt32BE(0) === 0x7f454c46 && head[4] === 2 && head[5] === 1;
  if (!isElf64) return undefined;
  const entry = Number(head.readBigUInt64LE(24));
  const headers = Number(head.readBigUInt64LE(32));
  const size = head.readUInt16LE(54);
  const count = Math.min(head.readUInt16LE(56), maxProgramHeaders);
  for (let i = 0; i < count; i++) {
    const at = headers + i * size;
    if (!(at >= 0 && at + programHeaderBytes <= head.length)) return undefined;
    if (head.readUInt32LE(at) !== typeLoad) continue;
    const offset = Number(head.readBigUInt64LE(at + 8));
    const address = Number(head.readBigUInt64LE(at + 16));
    const fileBytes = Number(head.readBigUInt64LE(at + 32));
    if (entry >= address && entry < address + fileBytes) return entry - address + offset;
  }
  return undefined;
}

/** The loaders of this host by device and inode: an update puts another file in a loader's place. */
function hostLoaders(): Map<string, string> {
  const found = new Map<string, string>();
  for (const name of loaders) {
    try {
      const path = realpathSync(name);
      const { dev, ino } = statSync(path);
      if (/^[\w./+-]+$/.test(path)) found.set(`${dev}:${ino}`, path);
    } catch {
      // Not on this host.
    }
  }
  return found;
}

/**
 * Probes at the first instruction of the dynamic loaders, where every new program stands with its arguments on the
 * stack (System V ABI, "Initial Process Stack"): the kernel reads them for us (Documentation/trace/uprobetracer.rst),
 * however short the program lives. Static programs and containers with a loader of their own are not seen here.
 *
 * Definitions belong to the whole kernel, not to an instance; they carry the instance's name and are removed with it.
 */
export class LoaderProbes {
  readonly #events: string;
  readonly group: string;
  /** By device and inode of the file, the probe's name; the empty name where the file has no place for one. */
  readonly #probed = new Map<string, string>();

  constructor(root: string, instance: string) {
    this.#events = join(root, 'uprobe_events');
    // Groups have no dashes: what sets two names apart may be just that.
    const mark = hash('sha256', instance).slice(0, 6);
    this.group = `${instance.replaceAll(/\W/g, '_')}_${mark}`;
  }

  /**
   * Defines a probe for each loader that has none, and gives their names: all the first time, later those of loaders
   * that were put in the place of others. None where the kernel has no such probes.
   */
  define(): string[] {
    const made: string[] = [];
    for (const [file, path] of hostLoaders()) {
      if (this.#probed.has(file) || this.#probed.size >= maxProbes) continue;
      const name = this.#defineOne(path, `loader${this.#probed.size}`);
      this.#probed.set(file, name ?? '');
      if (name !== undefined) made.push(name);
    }
    return made;
  }

  /** Removes them, and those a killed agent left. Every instance that has them on must be gone. Never throws. */
  remove(): void {
    this.#probed.clear();
    for (const name of this.#defined()) this.#write(`-:${name}`);
  }

  #defineOne(path: string, name: string): string | undefined {
    const offset = entryOffset(path);
    if (offset === undefined) return undefined;
    const parts = probedParts.map((part, n) => `${part}=+${n * partBytes}($stack1):x64[${partNumbers}]`);
    const where = `${path}:0x${offset.toString(16)}`;
    const line = `p:${this.group}/${name} ${where} argc=$stack0:s32 ${parts.join(' ')}`;
    return this.#write(line) ? name : undefined;
  }

  #defined(): string[] {
    try {
      const lines = readFileSync(this.#events, 'utf8').split('\n');
      const names = lines.map((line) => /^p:(\w+\/\w+) /.exec(line)?.[1] ?? '');
      return names.filter((name) => name.startsWith(`${this.group}/`));
    } catch {
      return [];
    }
  }

  /** False when the kernel refuses: it has no such probes, or another still uses this one. */
  #write(line: string): boolean {
    try {
      writeFileSync(this.#events, line, { flag: 'a' });
      return true;
    } catch {
      return false;
    }
  }
}
