import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { VedetteError } from '#shared/errors.ts';
import { readCaptureFile } from '../../../../agent/sensors/packet/capture/capture-file.ts';
import { tempFolder } from '../../../temp.ts';
import { type Frame, pcapFile, pcapngFile, timed } from './captures.ts';

interface Read extends Frame {
  readonly linkType: number;
}

async function read(t: Test, content: Uint8Array) {
  const path = join(tempFolder(t), 'x.pcap');
  writeFileSync(path, content);
  const frames: Read[] = [];
  const result = await readCaptureFile({
    path,
    take: (bytes, start, end, wireLength, timeUs, linkType) => {
      frames.push({ bytes: Buffer.from(bytes.subarray(start, end)), wireLength, timeUs, linkType });
    },
  });
  return { frames, result };
}

const refusal = async (t: Test, content: Uint8Array) => {
  const error = await read(t, content).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof VedetteError ? error.code : error;
};

const frames: Frame[] = [
  ...timed([Buffer.alloc(60, 1), Buffer.alloc(61, 2), Buffer.alloc(0)], 1_700_000_000_123_456),
  { timeUs: 1_700_000_001_000_001, bytes: Buffer.alloc(100, 3), wireLength: 1500 },
];
const expected = frames.map((frame) => ({ wireLength: frame.bytes.length, ...frame, linkType: 1 }));

t.test('pcap and pcapng in every form', async (t) => {
  for (const isBigEndian of [false, true]) {
    for (const isNano of [false, true]) {
      const { frames: got, result } = await read(t, pcapFile(frames, { isBigEndian, isNano }));
      t.same(got, expected);
      t.match(result, { format: 'pcap', damage: undefined, unknownFrames: 0 });
    }
    for (const options of [
      {},
      { resolution: 6 },
      { resolution: 9 },
      { resolution: 0x80 | 30 },
      { kind: 'old' as const },
    ]) {
      const { frames: got, result } = await read(t, pcapngFile(frames, { isBigEndian, ...options }));
      t.same(got, expected, JSON.stringify(options));
      t.match(result, { format: 'pcapng', damage: undefined });
    }
    const simple = await read(t, pcapngFile(frames.slice(0, 2), { isBigEndian, kind: 'simple' }));
    t.same(
      simple.frames.map((frame) => frame.bytes.length),
      [60, 61],
    );
  }
  const two = await read(t, Buffer.concat([pcapngFile(frames, { isBigEndian: true }), pcapngFile(frames)]));
  t.same(two.frames, [...expected, ...expected], 'sections of different byte order');
});

t.test('larger than the buffer, and blocks of other kinds larger still', async (t) => {
  const many = timed(Array.from({ length: 4000 }, (_, i) => Buffer.alloc(1500, i)));
  t.equal((await read(t, pcapFile(many))).frames.length, 4000);
  const { frames: got, result } = await read(t, pcapngFile(many, { extra: Buffer.alloc(3_000_000) }));
  t.equal(got.length, 4000);
  t.ok(got.every((frame, i) => frame.bytes[0] === i % 256));
  t.equal(result.damage, undefined);
  t.equal(result.sizeBytes, pcapngFile(many, { extra: Buffer.alloc(3_000_000) }).length);
});

t.test('files that are no captures', async (t) => {
  t.equal(await refusal(t, Buffer.alloc(0)), 'capture.not_a_capture');
  t.equal(await refusal(t, Buffer.from('just a text file that is long enough')), 'capture.not_a_capture');
  t.equal(await refusal(t, Buffer.from([0x1f, 0x8b, 8, 0])), 'capture.not_a_capture');
  t.equal(await refusal(t, pcapFile(frames).subarray(0, 20)), 'capture.not_a_capture');
  t.equal(await refusal(t, pcapFile(frames, { linkType: 147 })), 'capture.link_type_unknown');
  const missing = await readCaptureFile({ path: join(tempFolder(t), 'none'), take() {} }).catch(
    (error) => error,
  );
  t.equal(missing.code, 'capture.unreadable');
  const folder = await readCaptureFile({ path: tempFolder(t), take() {} }).catch((error) => error);
  t.equal(folder.code, 'capture.unreadable');
  t.same((await read(t, pcapFile([]))).frames, [], 'a capture of nothing is a capture');
});

t.test('cut anywhere: what stands before is told, and the damage named', async (t) => {
  for (const [name, whole, heads] of [
    ['pcap', pcapFile(frames), [24, 100, 177, 193]],
    ['pcapng', pcapngFile(frames), [28, 48, 140, 236, 268]],
  ] as const) {
    for (let length = heads[0]; length < whole.length; length += 7) {
      const { frames: got, result } = await read(t, whole.subarray(0, length));
      t.same(got, expected.slice(0, got.length));
      const isWhole = heads.some((at) => at === length);
      t.equal(result.damage?.code, isWhole ? undefined : 'capture.damaged', `${name} ${length}`);
    }
  }
});

t.test('damaged anywhere: no throw but a coded one, and frames only as they are in the file', async (t) => {
  for (const whole of [pcapFile(frames), pcapngFile(frames, { resolution: 9 })]) {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        async (damage) => {
          const bytes = Buffer.from(whole);
          for (const [at, byte] of damage) bytes[at] = byte;
          const outcome = await read(t, bytes).catch((error: unknown) => error);
          if (outcome instanceof VedetteError) return outcome.code.startsWith('capture.');
          if (outcome instanceof Error) throw outcome;
          const { frames: got } = outcome as Awaited<ReturnType<typeof read>>;
          return got.every(
            ({ timeUs, bytes: frame }) =>
              Number.isInteger(timeUs) && timeUs <= 2 ** 52 && frame.length <= whole.length,
          );
        },
      ),
      { numRuns: 300 },
    );
  }
});
