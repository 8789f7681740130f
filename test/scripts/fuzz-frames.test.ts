/** A short run of the fuzzer: FUZZ_FRAMES and FUZZ_SEED set how long and which. The long one is scripts/fuzz-frames.ts. */

import { zstdCompressSync } from 'node:zlib';
import t from 'tap';
import { catalogue } from '#shared/errors.ts';
import { decodeBatch } from '#shared/protocol/codec/decode.ts';
import { decodeAgentFrame, decodeCollectorFrame } from '#shared/protocol/frames.ts';
import { randomOf } from '../../scripts/bench/sample-events.ts';
import { makeCorpus } from '../../scripts/fuzz-frames/corpus.ts';
import { fuzzDecoders } from '../../scripts/fuzz-frames/decoders.ts';
import { fuzzLive } from '../../scripts/fuzz-frames/live.ts';
import { mutated, mutations } from '../../scripts/fuzz-frames/mutate.ts';
import { tempFolder } from '../temp.ts';

const frames = Number(process.env['FUZZ_FRAMES'] ?? 12_000);
const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000);

t.test('what mutations begin with is whole, and every mutation changes it', async (t) => {
  const { frames, bodies } = makeCorpus();
  for (const frame of frames) t.ok(decodeAgentFrame(frame).ok || decodeCollectorFrame(frame).ok);
  for (const body of bodies) t.ok(decodeBatch(zstdCompressSync(body)).ok);
  const source = { random: randomOf(seed), seeds: frames };
  for (const [name, mutate] of Object.entries(mutations)) {
    const changed = Array.from({ length: 50 }, (_, i) => {
      const bytes = frames[i % frames.length] as Buffer;
      return !mutate(bytes, source).equals(bytes);
    });
    t.ok(changed.filter(Boolean).length > 25, name);
  }
  const again = (n: number) => {
    const source = { random: randomOf(n), seeds: frames };
    return Array.from({ length: 50 }, () => mutated(source).bytes.toString('hex'));
  };
  t.same(again(7), again(7), 'a seed gives the same frames again');
});

t.test(`${frames} spoilt frames against the decoders, seed ${seed}`, async (t) => {
  const found = await fuzzDecoders(frames, randomOf(seed), () => undefined);
  t.same(found.faults, []);
  t.same(Object.keys(found.byMutation).sort(), Object.keys(mutations).sort(), 'in every way');
  for (const code of ['wire.batch_malformed', 'wire.frame_malformed', 'wire.frame_unknown'])
    t.ok((found.refusedByCode[code] ?? 0) > 0, code);
  t.ok(Object.keys(found.refusedByCode).every((code) => code in catalogue));
  t.ok(found.accepted > 0, 'some changes hit nothing that matters');
  t.ok(found.growthBytes < 16 * 1024 ** 2, `memory grew by ${found.growthBytes} bytes`);
});

t.test('spoilt frames against the socket of a collector', async (t) => {
  const found = await fuzzLive(tempFolder(t), 150, randomOf(seed), () => undefined);
  t.same(found.faults, []);
  t.ok(found.connections > 10);
  t.ok(Object.keys(found.refusedByCode).length > 1);
});
