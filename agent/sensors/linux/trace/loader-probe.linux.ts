import { closeSync, openSync, readFileSync, readSync, realpathSync, writeFileSync } from 'node:fs';
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

/** The loaders of this host, each file once, with where they begin. */
function hostLoaders(): readonly { path: string; offset: number }[] {
  const found = new Map<string, number>();
  for (const name of loaders) {
    try {
      const path = realpathSync(name);
      const offset = entryOffset(path);
      if (offset !== undefined && /^[\w./+-]+$/.test(path)) found.set(path, offset);
    } catch {
      // Not on this host.
    }
  }
  return [...found].map(([path, offset]) => ({ path, offset }));
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
  readonly names: string[] = [];

  constructor(root: string, instance: string) {
    this.#events = join(root, 'uprobe_events');
    this.group = `${instance.replaceAll(/\W/g, '_')}_start`;
  }

  /** Defines them, after taking away what a killed agent left. None where the kernel has no such probes. */
  define(): void {
    this.remove();
    for (const [i, { path, offset }] of hostLoaders().entries()) {
      const parts = probedParts.map((part, n) => `${part}=+${n * partBytes}($stack1):x64[${partNumbers}]`);
      const where = `${path}:0x${offset.toString(16)}`;
      const line = `p:${this.group}/loader${i} ${where} argc=$stack0:s32 ${parts.join(' ')}`;
      try {
        writeFileSync(this.#events, line, { flag: 'a' });
        this.names.push(`loader${i}`);
      } catch {
        return;
      }
    }
  }

  /** Every instance that has them on must be gone. Never throws. */
  remove(): void {
    this.names.length = 0;
    try {
      for (const line of readFileSync(this.#events, 'utf8').split('\n')) {
        const name = /^p:(\w+\/\w+) /.exec(line)?.[1];
        if (name?.startsWith(`${this.group}/`)) writeFileSync(this.#events, `-:${name}`, { flag: 'a' });
      }
    } catch {
      // The kernel has none, or another still uses them: the next start removes them.
    }
  }
}
