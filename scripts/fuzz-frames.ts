/**
 * Spoilt frames against the decoders of the wire, then against the socket of a real collector: nothing may crash, grow
 * or be refused without a code of the catalogue. Exits 1 when something was found, with the bytes that did it.
 * --frames N (for the decoders) --live N (for the socket) --seed N --json
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { report } from './bench/report.ts';
import { randomOf } from './bench/sample-events.ts';
import { fuzzDecoders } from './fuzz-frames/decoders.ts';
import { fuzzLive } from './fuzz-frames/live.ts';

const { values: flags } = parseArgs({
  options: {
    frames: { type: 'string', default: '1000000' },
    live: { type: 'string', default: '5000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    json: { type: 'boolean', default: false },
  },
});
const [frames, live, seed] = [Number(flags.frames), Number(flags.live), Number(flags.seed)];
/** Memory that may come and go; a leak of a few bytes a frame is beyond it. */
const maxDecoderGrowthBytes = 8 * 1024 ** 2;
const maxLiveGrowthBytes = 64 * 1024 ** 2;

console.log(`seed ${seed}`);
const told = (what: string) => (done: number) => {
  if (process.stderr.isTTY) process.stderr.write(`\r${what} ${done}   `);
};
const random = randomOf(seed);
const decoders = await fuzzDecoders(frames, random, told('decoders'));
const folder = mkdtempSync(join(tmpdir(), 'vedette-fuzz-'));
try {
  const socket = live > 0 ? await fuzzLive(folder, live, random, told('socket')) : undefined;
  const faults = [...decoders.faults, ...(socket?.faults ?? [])];
  for (const fault of faults) console.error(`FOUND ${fault}`);
  console.log(`refused by the decoders: ${JSON.stringify(decoders.refusedByCode)}`);
  console.log(`ways: ${JSON.stringify(decoders.byMutation)}`);
  if (socket !== undefined) console.log(`refused by the socket: ${JSON.stringify(socket.refusedByCode)}`);
  report({ frames, live, seed }, [
    { name: 'spoilt frames decoded', value: decoders.frames, unit: 'count' },
    { name: 'taken whole by the decoders', value: decoders.accepted, unit: 'count' },
    {
      name: 'crashes and refusals without a code',
      value: decoders.faultCount,
      unit: 'count',
      goal: 0,
      less: true,
    },
    {
      name: 'growth of live memory',
      value: decoders.growthBytes,
      unit: 'B',
      goal: maxDecoderGrowthBytes,
      less: true,
    },
    { name: 'slowest frame', value: decoders.slowestSeconds, unit: 's' },
    { name: 'decoded a second', value: decoders.frames / decoders.seconds, unit: '1/s' },
    ...(socket === undefined
      ? []
      : ([
          { name: 'spoilt frames sent to the socket', value: socket.frames, unit: 'count' },
          { name: 'connections for them', value: socket.connections, unit: 'count' },
          { name: 'taken by the socket', value: socket.accepted, unit: 'count' },
          {
            name: 'crashes and ends without a code',
            value: socket.faults.length,
            unit: 'count',
            goal: 0,
            less: true,
          },
          {
            name: 'growth of the collector, resident',
            value: socket.growthBytes,
            unit: 'B',
            goal: maxLiveGrowthBytes,
            less: true,
          },
          { name: 'collector, resident', value: socket.residentBytes, unit: 'B' },
        ] as const)),
  ]);
  const isGrown =
    decoders.growthBytes > maxDecoderGrowthBytes || (socket?.growthBytes ?? 0) > maxLiveGrowthBytes;
  process.exitCode = faults.length > 0 || isGrown ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
