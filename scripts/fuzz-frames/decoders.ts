/** Spoilt frames and batches against the decoders themselves. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { zstdCompressSync } from 'node:zlib';
import { catalogue } from '#shared/errors.ts';
import { decodeBatch } from '#shared/protocol/codec/decode.ts';
import { decodeAgentFrame, decodeCollectorFrame } from '#shared/protocol/frames.ts';
import { rowAt } from '#shared/schema/columns.ts';
import { resultFrom } from '../../collector/fleet/command-result.ts';
import { makeCorpus } from './corpus.ts';
import { mutated } from './mutate.ts';

export interface DecoderFindings {
  readonly frames: number;
  readonly seconds: number;
  /** What decoded whole: a change that hit nothing, or a value no decoder can know to be wrong. */
  readonly accepted: number;
  readonly refusedByCode: Readonly<Record<string, number>>;
  readonly byMutation: Readonly<Record<string, number>>;
  /** Exceptions and codes outside the catalogue, the first few in words. */
  readonly faults: readonly string[];
  readonly faultCount: number;
  /** Live memory (heap and buffers, after a collection) at the end less that after a tenth. */
  readonly growthBytes: number;
  readonly slowestSeconds: number;
}

/** Faults told in words. */
const maxTold = 20;
/** One frame in so many unpacks to far more than a batch may have. */
const bombEvery = 20_000;
/** A tenth of the bodies are compressed first and spoilt then, which mostly ends in zstd. */
const outsideShare = 0.1;
/** Frames decoded in one turn of the event loop. */
const turnFrames = 100;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** What zlib opened is let go of in later turns of the event loop, so several pass first. */
async function liveBytes(): Promise<number> {
  for (let turn = 0; turn < 20; turn++) {
    collect();
    await nextTurn();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Decodes as the collector does, all the way to rows; gives the code of the refusal, or undefined. */
function decodeBody(bytes: Buffer, compress: boolean): string | undefined {
  const batch = decodeBatch(compress ? zstdCompressSync(bytes) : bytes);
  if (!batch.ok) return batch.error.code;
  for (const { events } of batch.value.groups) for (let i = 0; i < events.count; i++) rowAt(events, i);
  return undefined;
}

function decodeFrame(bytes: Buffer): string | undefined {
  const toAgent = decodeCollectorFrame(bytes);
  if (!toAgent.ok && !Object.hasOwn(catalogue, toAgent.error.code)) return toAgent.error.code;
  const frame = decodeAgentFrame(bytes);
  if (!frame.ok) return frame.error.code;
  if (frame.value.kind === 'batch') return decodeBody(Buffer.from(frame.value.data), false);
  if (frame.value.kind !== 'result') return undefined;
  const { code } = resultFrom(frame.value);
  return code === 'command.result_malformed' ? code : undefined;
}

export async function fuzzDecoders(
  frames: number,
  random: () => number,
  tell: (done: number) => void,
): Promise<DecoderFindings> {
  const corpus = makeCorpus();
  const bomb = zstdCompressSync(Buffer.alloc(80 * 1024 * 1024));
  const refused: Record<string, number> = {};
  const how: Record<string, number> = {};
  const faults: string[] = [];
  let faultCount = 0;
  let accepted = 0;
  let slowestMs = 0;
  let before = 0;
  const fault = (text: string) => {
    if (++faultCount <= maxTold) faults.push(text);
  };
  const began = performance.now();
  for (let n = 0; n < frames; n++) {
    const isBody = random() < 0.5;
    const compress = random() >= outsideShare;
    const spoilt = mutated({ random, seeds: isBody ? corpus.bodies : corpus.frames });
    const bytes = n % bombEvery === bombEvery - 1 ? bomb : spoilt.bytes;
    how[spoilt.how] = (how[spoilt.how] ?? 0) + 1;
    const at = performance.now();
    try {
      const code = isBody ? decodeBody(bytes, compress && bytes !== bomb) : decodeFrame(bytes);
      if (code === undefined) accepted++;
      else refused[code] = (refused[code] ?? 0) + 1;
      if (code !== undefined && !Object.hasOwn(catalogue, code))
        fault(`${code}: ${bytes.toString('base64')}`);
    } catch (error) {
      fault(`${(error as Error).stack}: ${bytes.toString('base64').slice(0, 2000)}`);
    }
    slowestMs = Math.max(slowestMs, performance.now() - at);
    if (n % turnFrames === 0) await nextTurn();
    if (n === Math.floor(frames / 10)) before = await liveBytes();
    if (n % 50_000 === 0) tell(n);
  }
  const seconds = (performance.now() - began) / 1000;
  const growthBytes = (await liveBytes()) - before;
  const counts = { refusedByCode: refused, byMutation: how, faults, faultCount };
  return { frames, seconds, accepted, ...counts, growthBytes, slowestSeconds: slowestMs / 1000 };
}
