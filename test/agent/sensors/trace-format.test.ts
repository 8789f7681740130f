import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import {
  fieldsOf,
  parseTraceFormat,
  type TraceField,
  TraceRecord,
} from '../../../agent/sensors/linux/trace/format.ts';
import { noKernelEvents, tracefs } from './kernel-host.ts';

/** The `format` files of trace events, and records read by them. */

const text = `name: sched_process_exec
ID: 295
format:
	field:unsigned short common_type;	offset:0;	size:2;	signed:0;
	field:unsigned char common_flags;	offset:2;	size:1;	signed:0;
	field:unsigned char common_preempt_count;	offset:3;	size:1;	signed:0;
	field:int common_pid;	offset:4;	size:4;	signed:1;

	field:__data_loc char[] filename;	offset:8;	size:4;	signed:0;
	field:pid_t pid;	offset:12;	size:4;	signed:1;
	field:const void * skaddr;	offset:16;	size:8;	signed:0;
	field:__u8 saddr_v6[16];	offset:24;	size:16;	signed:0;
	field:char comm[TASK_COMM_LEN];	offset:40;	size:16;	signed:0;
	field:unsigned long args[6];	offset:56;	size:48;	signed:0;

print fmt: "filename=%s pid=%d", __get_str(filename), REC->pid
`;

t.test('a format file', async (t) => {
  const format = parseTraceFormat(text);
  t.equal(format?.id, 295);
  t.same(
    [...(format?.fields.keys() ?? [])],
    [
      'common_type',
      'common_flags',
      'common_preempt_count',
      'common_pid',
      'filename',
      'pid',
      'skaddr',
      'saddr_v6',
      'comm',
      'args',
    ],
  );
  t.same(format?.fields.get('filename'), { offset: 8, size: 4, signed: false, dynamic: true });
  t.same(format?.fields.get('pid'), { offset: 12, size: 4, signed: true, dynamic: false });
  t.same(format && fieldsOf(format, 'skaddr', 'comm').map(({ offset }) => offset), [16, 40]);
  t.throws(() => format && fieldsOf(format, 'pid', 'nosuch'), /nosuch/);
});

t.test('lines that are not understood are passed over, without the rest', async (t) => {
  const odd = text.replace('\tfield:pid_t pid;', '\tfield:pid_t pid:').replace('size:8', 'size:eight');
  const format = parseTraceFormat(odd);
  t.notOk(format?.fields.has('pid'));
  t.notOk(format?.fields.has('skaddr'));
  t.ok(format?.fields.has('comm'));
  t.equal(parseTraceFormat(''), undefined);
  t.equal(parseTraceFormat('ID: 5\n'), undefined);
  t.equal(parseTraceFormat(text.replace('ID: 295', 'ID: -1')), undefined);
});

function record(bytes: Buffer, start = 0, length = bytes.length - start): TraceRecord {
  const made = new TraceRecord();
  made.move(bytes, start, length);
  return made;
}

const field = (offset: number, size: number, more: Partial<TraceField> = {}): TraceField => ({
  offset,
  size,
  signed: false,
  dynamic: false,
  ...more,
});

t.test('numbers, bits and texts of a record', async (t) => {
  const bytes = Buffer.alloc(64);
  bytes.writeInt32LE(-5, 8);
  bytes.writeBigUInt64LE(0xffff_8881_2345_6780n, 16);
  bytes.write('name\0rest', 24);
  // Dynamic: 6 bytes at 40.
  bytes.writeUInt32LE((6 << 16) | 40, 12);
  bytes.write('path\0x', 40);
  bytes.write('\xff\xfe', 48, 'latin1');
  const read = record(Buffer.concat([Buffer.alloc(10, 0xee), bytes]), 10, 64);
  t.equal(read.number(field(8, 4, { signed: true })), -5);
  t.equal(read.number(field(8, 4)), 0xffff_fffb);
  t.equal(read.number(field(8, 1)), 0xfb);
  t.equal(read.number(field(8, 3)), 0, 'no such number');
  t.equal(read.bits(field(16, 8)), 0xffff_8881_2345_6780n);
  t.equal(read.bits(field(8, 4)), 0xffff_fffbn);
  t.equal(read.low48(field(16, 8)), 0x8881_2345_6780);
  t.equal(read.text(field(24, 16)), 'name');
  t.equal(read.text(field(12, 4, { dynamic: true })), 'path');
  t.equal(read.bytes(field(12, 4, { dynamic: true })).toString(), 'path\0x');
  t.equal(read.text(field(48, 2)), '\ufffd\ufffd');
});

t.test('a record shorter than its format, and one that lies, give nothing of their neighbours', async () => {
  const anyField = fc.record({
    offset: fc.nat(120),
    size: fc.oneof(fc.constantFrom(1, 2, 4, 8), fc.nat(99_999)),
    signed: fc.boolean(),
    dynamic: fc.boolean(),
  });
  const secret = 0xa5;
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), anyField, fc.nat(20), (own, one, start) => {
      const clean = own.map((byte) => (byte === secret ? 0 : byte));
      const buffer = Buffer.concat([Buffer.alloc(start, secret), clean, Buffer.alloc(16, secret)]);
      const read = record(buffer, start, own.length);
      const given = [
        Buffer.from(read.bytes(one)),
        Buffer.from(read.text(one)),
        hexOf(BigInt(Math.trunc(Math.abs(read.number({ ...one, signed: false }))))),
        hexOf(read.bits({ ...one, signed: false })),
        hexOf(BigInt(read.low48(one))),
      ];
      // A number beyond 2^53 is rounded, so its digits say nothing.
      if (one.size === 8) given.splice(2, 1);
      read.number(one);
      if (given.some((bytes) => bytes.includes(secret))) throw new Error(JSON.stringify(given));
      // At the very end of a buffer as well.
      const bare = record(Buffer.from(clean));
      for (const way of ['number', 'bits', 'low48', 'text', 'bytes'] as const) bare[way](one);
    }),
    { numRuns: 2000 },
  );
});

function hexOf(bits: bigint): Buffer {
  const digits = bits.toString(16);
  return Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex');
}

t.test('no text makes it throw', async () => {
  const mangled = fc
    .tuple(fc.nat(text.length), fc.nat(text.length), fc.string({ maxLength: 20 }))
    .map(([a, b, put]) => text.slice(0, a) + put + text.slice(b));
  fc.assert(
    fc.property(fc.oneof(fc.string(), mangled), (any) => {
      const format = parseTraceFormat(any);
      for (const one of format?.fields.values() ?? []) {
        if (!(one.offset >= 0 && one.offset <= 99_999 && one.size >= 0 && one.size <= 99_999)) return false;
      }
      return true;
    }),
    { numRuns: 1000 },
  );
});

t.test('hostile lengths take time in proportion to them', async (t) => {
  const ratio = (line: (n: number) => string) => {
    const costMs = (n: number) => {
      const beganMs = performance.now();
      for (let i = 0; i < 20; i++) parseTraceFormat(`ID: 1\n${line(n)}`);
      return performance.now() - beganMs;
    };
    costMs(1000);
    return costMs(80_000) / Math.max(0.05, costMs(10_000));
  };
  for (const line of [
    (n: number) => `\tfield:${'a'.repeat(n)}`,
    (n: number) => `\tfield:${'a['.repeat(n / 2)};\toffset:0;`,
    (n: number) => '\tfield:'.repeat(n / 7),
  ]) {
    t.ok(ratio(line) < 40, 'eight times the text');
  }
});

t.test('every event of this kernel is understood', { skip: noKernelEvents }, async (t) => {
  let count = 0;
  for (const system of readdirSync(join(tracefs, 'events'))) {
    const folder = join(tracefs, 'events', system);
    for (const event of system.includes('header') || system === 'enable' ? [] : names(folder)) {
      const path = join(folder, event, 'format');
      if (!existsSync(path)) continue;
      const content = readFileSync(path, 'utf8');
      const format = parseTraceFormat(content);
      const lines = content.split('\n').filter((line) => line.startsWith('\tfield:'));
      const understood = format?.fields.size ?? 0;
      // Names are unique within an event but for a few that declare one twice.
      if (understood < lines.length && understood !== new Set(lines.map(nameOf)).size) {
        t.fail(`${system}:${event} ${understood} of ${lines.length} fields`);
      }
      count++;
    }
  }
  t.ok(count > 100, `${count} events`);
});

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function nameOf(line: string): string | undefined {
  return /(\w+)(?:\[[^\]]*\])*;\toffset/.exec(line)?.[1];
}
