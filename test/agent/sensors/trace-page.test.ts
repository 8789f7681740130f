import { closeSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t from 'tap';
import { parseTraceFormat, TraceRecord } from '../../../agent/sensors/linux/trace/format.ts';
import { TraceInstance } from '../../../agent/sensors/linux/trace/instance.linux.ts';
import { type PageLayout, parsePageLayout, readPage } from '../../../agent/sensors/linux/trace/page.ts';
import { instanceName, noKernelEvents, tracefs } from './kernel-host.ts';

/** Pages of the kernel's ring buffer, made by hand as include/linux/ring_buffer.h has them, and real ones. */

const layout: PageLayout = { sizeBytes: 4096, commitOffset: 8, dataOffset: 16 };
const missed = 0x8000_0000;
const headerText = `	field: u64 timestamp;	offset:0;	size:8;	signed:0;
	field: local_t commit;	offset:8;	size:8;	signed:1;
	field: int overwrite;	offset:8;	size:1;	signed:1;
	field: char data;	offset:16;	size:4080;	signed:0;
`;

/** One entry: its type and time delta in a word, and the words behind it. */
function entry(type: number, delta: number, ...words: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 + words.length * 4);
  bytes.writeUInt32LE(((delta << 5) | type) >>> 0, 0);
  for (const [i, word] of words.entries()) bytes.writeUInt32LE(word >>> 0, 4 + 4 * i);
  return bytes;
}

function page(timeNs: bigint, entries: readonly Buffer[], flags = 0): Buffer {
  const data = Buffer.concat(entries);
  const head = Buffer.alloc(layout.dataOffset);
  head.writeBigUInt64LE(timeNs, 0);
  head.writeUInt32LE((data.length | flags) >>> 0, layout.commitOffset);
  return Buffer.concat([head, data]);
}

type Taken = readonly [timeNs: number, hex: string];

function recordsOf(buffer: Buffer, length = buffer.length, start = 0): { taken: Taken[]; isMissed: boolean } {
  const taken: Taken[] = [];
  const isMissed = readPage(buffer, start, length, layout, (timeNs, at, bytes) => {
    taken.push([timeNs, buffer.toString('hex', at, at + bytes)]);
  });
  return { taken, isMissed };
}

t.test('short and long records, with the time between them', async (t) => {
  const bytes = page(1000n, [
    entry(1, 5, 0x11223344),
    entry(3, 7, 1, 2, 3),
    entry(0, 9, 12, 0xaabbccdd, 0xeeff0011),
    entry(28, 0, ...new Array(28).fill(7)),
  ]);
  const { taken, isMissed } = recordsOf(bytes);
  t.same(taken, [
    [1005, '44332211'],
    [1012, '010000000200000003000000'],
    [1021, 'ddccbbaa1100ffee'],
    [1021, '07000000'.repeat(28)],
  ]);
  t.equal(isMissed, false);
});

t.test('time goes on by extensions and is set by stamps', async (t) => {
  const bytes = page(2n ** 40n, [
    entry(30, 3, 2),
    entry(1, 1, 0),
    entry(31, 8, 4),
    entry(1, 0, 0),
    entry(30, 0x7ff_ffff, 0xffff_ffff),
    entry(1, 1, 0),
  ]);
  const extended = 2 ** 40 + 2 * 2 ** 27 + 3 + 1;
  const stamped = 4 * 2 ** 27 + 8;
  t.same(
    recordsOf(bytes).taken.map(([timeNs]) => timeNs),
    [extended, stamped, stamped + 0xffff_ffff * 2 ** 27 + 0x7ff_ffff + 1],
  );
});

t.test('what was discarded is passed over, an empty rest ends the page', async (t) => {
  const discarded = entry(29, 4, 8, 0xdead);
  const bytes = page(0n, [discarded, entry(1, 1, 0x5), entry(29, 0, 100), entry(1, 1, 0x6)]);
  t.same(recordsOf(bytes).taken, [[5, '05000000']]);
});

t.test('says that records before it were overwritten', async (t) => {
  t.equal(recordsOf(page(0n, [entry(1, 1, 5)], missed)).isMissed, true);
  t.equal(recordsOf(page(0n, [], missed)).isMissed, true);
  // RB_MISSED_STORED: how many stands behind the data, which is no record.
  const counted = Buffer.concat([page(0n, [entry(1, 1, 5)], missed | 0x4000_0000), entry(1, 1, 0x77)]);
  t.same(recordsOf(counted), { taken: [[1, '05000000']], isMissed: true });
});

t.test('a page that is cut short gives the records that are whole', async (t) => {
  const whole = page(0n, [entry(1, 1, 0xa), entry(2, 1, 0xb, 0xc), entry(0, 1, 12, 0xd, 0xe)]);
  const all = recordsOf(whole).taken;
  t.equal(all.length, 3);
  for (let length = 0; length < whole.length; length++) {
    // What lies behind the cut is of another page, and is not to be taken for this one's.
    const { taken } = recordsOf(whole, length);
    t.same(taken, all.slice(0, taken.length), `${length} bytes`);
    t.ok(taken.length < 3);
    t.same(recordsOf(whole.subarray(0, length)).taken, taken);
  }
});

t.test('a length that lies ends the page', async (t) => {
  for (const word of [0, 3, 4096, 0xffff_ffff]) {
    const { taken } = recordsOf(page(0n, [entry(1, 1, 9), entry(0, 1, word, 1), entry(1, 1, 8)]));
    t.same(taken[0], [1, '09000000'], `length ${word}`);
    t.ok(taken.length <= 2);
  }
});

t.test('no bytes make it throw, read outside or go on for ever', async () => {
  const anyEntry = fc
    .tuple(fc.nat(31), fc.nat(0x7ff_ffff), fc.array(fc.nat(0xffff_ffff), { maxLength: 30 }))
    .map(([type, delta, words]) => entry(type, delta, ...words));
  const anyBytes = fc.oneof(
    fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
    fc
      .tuple(fc.bigInt(0n, 2n ** 64n - 1n), fc.array(anyEntry, { maxLength: 20 }), fc.nat(0xffff_ffff))
      .map(([timeNs, entries, commit]) => {
        const bytes = page(timeNs, entries);
        bytes.writeUInt32LE(commit, layout.commitOffset);
        return bytes;
      }),
  );
  fc.assert(
    fc.property(anyBytes, fc.nat(64), fc.nat(500), (bytes, start, cut) => {
      const length = Math.min(bytes.length, cut);
      const buffer = Buffer.concat([Buffer.alloc(start, 0xff), bytes, Buffer.alloc(8, 0xff)]);
      let before = start + layout.dataOffset;
      readPage(buffer, start, length, layout, (_, at, size) => {
        if (at < before || size < 0 || at + size > start + length) throw new Error(`${at} ${size}`);
        before = at + size;
      });
    }),
    { numRuns: 2000 },
  );
});

t.test('the form of pages', async (t) => {
  t.same(parsePageLayout(headerText), layout);
  t.equal(parsePageLayout(''), undefined);
  t.equal(parsePageLayout(headerText.replace('commit', 'comment')), undefined);
  fc.assert(
    fc.property(fc.oneof(fc.string(), cuttings(headerText)), (text) => {
      const parsed = parsePageLayout(text);
      return (
        parsed === undefined || Object.values(parsed).every((n) => Number.isSafeInteger(n) && Number(n) >= 0)
      );
    }),
  );
});

/** The text with pieces of it removed, doubled or replaced. */
function cuttings(text: string): fc.Arbitrary<string> {
  return fc
    .tuple(fc.nat(text.length), fc.nat(text.length), fc.string({ maxLength: 8 }))
    .map(([a, b, put]) => text.slice(0, a) + put + text.slice(b));
}

t.test('a form that lies is refused, or reads within the page', async (t) => {
  const bytes = page(0n, [entry(1, 1, 9)]);
  const refused = parsePageLayout(headerText.replace('size:4080', 'size:9999999'));
  t.equal(refused, undefined, 'no page is so large');
  fc.assert(
    fc.property(fc.nat(99), fc.nat(99), fc.nat(9_999_999), (commitOffset, dataOffset, size) => {
      const lying = parsePageLayout(
        headerText
          .replace('local_t commit;\toffset:8', `local_t commit;\toffset:${commitOffset}`)
          .replace('offset:16;\tsize:4080', `offset:${dataOffset};\tsize:${size}`),
      );
      if (lying !== undefined) readPage(bytes, 0, bytes.length, lying, () => {});
    }),
  );
});

t.test('real pages', { skip: noKernelEvents }, async (t) => {
  const name = instanceName();
  const instance = TraceInstance.make(tracefs, name);
  t.teardown(() => instance.remove());
  const markerFormat = parseTraceFormat(readFileSync(join(tracefs, 'events/ftrace/print/format'), 'utf8'));
  const pages = instance.openPages();
  t.teardown(() => {
    for (const fd of pages) closeSync(fd);
    instance.remove();
  });
  const beforeNs = instance.stats().nowNs;
  const lengths = Array.from({ length: 400 }, (_, i) => (i * 37) % 900);
  const texts = lengths.map((length, i) => `mark ${i} ${'x'.repeat(length)}\n`);
  const marker = join(tracefs, 'instances', name, 'trace_marker');
  for (const text of texts) writeFileSync(marker, text);
  const buffer = Buffer.alloc(instance.layout.sizeBytes);
  const record = new TraceRecord();
  const found: [timeNs: number, text: string][] = [];
  for (const fd of pages) {
    for (let length = readSome(fd, buffer); length > 0; length = readSome(fd, buffer)) {
      readPage(buffer, 0, length, instance.layout, (timeNs, at, bytes) => {
        record.move(buffer, at, bytes);
        const buf = markerFormat?.fields.get('buf');
        if (buf === undefined || buffer.readUInt16LE(at) !== markerFormat?.id) return;
        // The text has no size in the format: it goes to the end of the record.
        found.push([timeNs, record.text({ ...buf, size: bytes - buf.offset })]);
      });
    }
  }
  const afterNs = instance.stats().nowNs;
  const inOrder = found.sort((a, b) => a[0] - b[0]);
  t.same(
    inOrder.map(([, text]) => text),
    texts,
    'each text once, in the order of the clock',
  );
  // `now ts` is given in microseconds.
  t.ok(inOrder.every(([timeNs]) => timeNs >= beforeNs - 1000 && timeNs <= afterNs + 1000));
});

function readSome(fd: number, buffer: Buffer): number {
  try {
    return readSync(fd, buffer, 0, buffer.length, null);
  } catch {
    return 0;
  }
}
