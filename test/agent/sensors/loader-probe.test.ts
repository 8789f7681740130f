import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import type { TraceField } from '../../../agent/sensors/linux/trace/format.ts';
import { entryOffset, entryOffsetIn } from '../../../agent/sensors/linux/trace/loader-probe.linux.ts';
import { probedArguments } from '../../../agent/sensors/process/probed-arguments.ts';

/** Where programs begin, and the arguments the kernel reads there. */

const hasReadelf = spawnSync('readelf', ['--version']).status === 0;

/** The same by another program: the file offset of the entry address, from the headers readelf prints. */
function offsetByReadelf(path: string): number | undefined {
  const text = spawnSync('readelf', ['-hlW', path], { encoding: 'utf8' }).stdout;
  if (!/Class: +ELF64/.test(text) || !/little endian/.test(text)) return undefined;
  const entry = Number(/Entry point address: +(0x[0-9a-f]+)/.exec(text)?.[1]);
  for (const [, offset, address, size] of text.matchAll(
    /^ +LOAD +(0x[0-9a-f]+) (0x[0-9a-f]+) 0x[0-9a-f]+ (0x[0-9a-f]+)/gm,
  )) {
    const into = entry - Number(address);
    if (into >= 0 && into < Number(size)) return Number(offset) + into;
  }
  return undefined;
}

/** Programs and libraries of this host, some hundred. */
function elfFiles(): string[] {
  const folders = ['/usr/bin', '/usr/sbin', '/usr/lib', '/usr/lib/x86_64-linux-gnu', '/usr/lib64', '/lib'];
  return folders
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => {
      const names = readdirSync(folder, { withFileTypes: true }).filter((one) => one.isFile());
      return names.slice(0, 60).map(({ name }) => join(folder, name));
    })
    .filter((path) => readFileSync(path).subarray(0, 4).toString('latin1') === '\x7fELF');
}

t.test(
  'the begin of real programs is where readelf has it',
  { skip: process.platform !== 'linux' ? 'not Linux' : hasReadelf ? false : 'no readelf' },
  async (t) => {
    const files = [process.execPath, ...elfFiles()];
    const loader = ['/lib64/ld-linux-x86-64.so.2', '/lib/ld-linux-aarch64.so.1'].find((one) =>
      existsSync(one),
    );
    if (loader !== undefined) files.push(loader);
    let programs = 0;
    for (const path of files) {
      const expected = offsetByReadelf(path);
      const found = entryOffset(path);
      if (found !== expected) t.fail(`${path}: ${found}, not ${expected}`);
      if (found !== undefined) programs++;
    }
    t.ok(programs > 10, `${programs} of ${files.length}`);
  },
);

/** An ELF file of these segments, each address, offset and size. */
function elf(entry: number, segments: readonly (readonly [type: number, number, number, number])[]): Buffer {
  const bytes = Buffer.alloc(64 + 56 * segments.length);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  bytes.writeBigUInt64LE(BigInt(entry), 24);
  bytes.writeBigUInt64LE(64n, 32);
  bytes.writeUInt16LE(56, 54);
  bytes.writeUInt16LE(segments.length, 56);
  for (const [i, [type, address, offset, size]] of segments.entries()) {
    const at = 64 + 56 * i;
    bytes.writeUInt32LE(type, at);
    bytes.writeBigUInt64LE(BigInt(offset), at + 8);
    bytes.writeBigUInt64LE(BigInt(address), at + 16);
    bytes.writeBigUInt64LE(BigInt(size), at + 32);
  }
  return bytes;
}

t.test('a program made by hand, and what is none', async (t) => {
  const bytes = elf(0x2010, [
    [6, 0x2000, 0x999, 0x100],
    [1, 0x1000, 0, 0x500],
    [1, 0x2000, 0x600, 0x100],
  ]);
  t.equal(entryOffsetIn(bytes), 0x610);
  t.equal(entryOffsetIn(elf(0x2100, [[1, 0x2000, 0x600, 0x100]])), undefined, 'behind its segment');
  t.equal(entryOffsetIn(elf(5, [])), undefined);
  for (let length = 0; length < bytes.length; length++) {
    t.equal(entryOffsetIn(bytes.subarray(0, length)), undefined, `${length} bytes`);
  }
  const of32 = Buffer.from(bytes);
  of32[4] = 1;
  t.equal(entryOffsetIn(of32), undefined, '32 bits');
  const bigEndian = Buffer.from(bytes);
  bigEndian[5] = 2;
  t.equal(entryOffsetIn(bigEndian), undefined);
});

t.test('no bytes make it throw', async (t) => {
  const real = process.platform === 'linux' ? readFileSync(process.execPath).subarray(0, 3648) : elf(0, []);
  const mangled = fc
    .array(fc.tuple(fc.nat(200), fc.nat(255)), { minLength: 1, maxLength: 12 })
    .map((changes) => {
      const bytes = Buffer.from(real);
      for (const [at, value] of changes) bytes[at] = value;
      return bytes;
    });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), mangled), (bytes) => {
      const offset = entryOffsetIn(Buffer.from(bytes));
      return offset === undefined || offset >= 0;
    }),
    { numRuns: 1000 },
  );
  t.equal(entryOffset('/dev/null'), undefined);
});

const halves: TraceField[] = [0, 512].map((offset) => ({ offset, size: 512, signed: false, dynamic: false }));

/** Arguments as they lie in memory, as far as the kernel reads it. */
function read(memory: Uint8Array, count: number) {
  const whole = Buffer.alloc(1024);
  whole.set(memory.subarray(0, 1024));
  const bytes = ({ offset, size }: TraceField) => whole.subarray(offset, offset + size);
  return probedArguments({ bytes }, count, halves);
}

t.test('arguments read by the kernel', async (t) => {
  const memory = Buffer.from('/bin/sh\0-c\0\0exit 7\0HOME=/root\0SECRET=x\0');
  t.match(read(memory, 4), { commandLine: '/bin/sh -c  exit 7', argumentCount: 4, commandLineCut: false });
  t.match(read(memory, 0), { commandLine: '', argumentCount: 0, commandLineCut: false });
  t.match(read(Buffer.alloc(0), 1), { commandLine: '', commandLineCut: false });
  const long = Buffer.concat([Buffer.alloc(1023, 0x78), Buffer.from('\0rest\0')]);
  t.match(read(long, 1), { commandLine: 'x'.repeat(1023), commandLineCut: false });
  t.match(read(Buffer.alloc(2000, 0x78), 1), { commandLine: 'x'.repeat(1024), commandLineCut: true });
  t.match(read(Buffer.from('ab\xff\xfe\0', 'latin1'), 1), { commandLine: 'ab\ufffd\ufffd' });
});

t.test('any arguments: whole when they fit, else their begin, and never the environment', async () => {
  const argument = fc
    .uint8Array({ maxLength: 300 })
    .map((bytes) => bytes.map((byte) => (byte === 0 || byte === 0x23 ? 0x61 : byte)));
  fc.assert(
    fc.property(fc.array(argument, { minLength: 1, maxLength: 12 }), (args) => {
      const own = Buffer.concat(args.map((one) => Buffer.concat([one, Buffer.of(0)])));
      const given = read(Buffer.concat([own, Buffer.from('####=####\0')]), args.length);
      const fits = own.length <= 1024;
      const text = Buffer.concat(args.flatMap((one, i) => (i === 0 ? [one] : [Buffer.of(0x20), one])));
      const expected = text.toString('utf8', 0, fits ? text.length : 1024);
      if (given.commandLine !== expected) throw new Error(`${given.commandLine} not ${expected}`);
      return given.commandLineCut === !fits && given.argumentCount === args.length;
    }),
  );
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 1500 }),
      fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      (any, n) => {
        read(any, n);
      },
    ),
  );
});
