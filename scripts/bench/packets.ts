/**
 * What packets cost: decoding them, reading captures, and watching bulk go by through the filter in the kernel. The
 * last needs root on Linux and the pcap module. --packets N --gib N --json
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { boundsOf } from '../../agent/sensors/packet/bounds.ts';
import { loadBinding } from '../../agent/sensors/packet/capture/binding.ts';
import { readCaptureFile } from '../../agent/sensors/packet/capture/capture-file.ts';
import { captureFilter } from '../../agent/sensors/packet/capture/filter.ts';
import { LiveCapture } from '../../agent/sensors/packet/capture/live-capture.ts';
import { linkTypes } from '../../agent/sensors/packet/decode/link-layer.ts';
import { defaultPacketSettings } from '../../agent/sensors/packet/settings.ts';
import { Traffic } from '../../agent/sensors/packet/traffic.ts';
import { pcapFile, timed } from '../../test/agent/sensors/packet/captures.ts';
import {
  clientHello,
  connection,
  dnsMessage,
  extensionBodies,
  turn,
  udp,
} from '../../test/agent/sensors/packet/frames.ts';
import { type BenchResult, report } from './report.ts';

const { values: flags } = parseArgs({
  options: {
    packets: { type: 'string', default: '1000000' },
    gib: { type: 'string', default: '4' },
    json: { type: 'boolean', default: false },
  },
});
const packets = Number(flags.packets);
const gib = Number(flags.gib);

/** Different clients and ports of one network, so that tables fill as they would. */
const endsOf = (i: number, toPort: number) => ({
  from: `10.0.${(i >> 8) & 255}.${i & 255}`,
  fromPort: 1024 + (i % 60_000),
  to: '10.1.0.1',
  toPort,
});

const hello = clientHello({
  ciphers: [0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f],
  extensions: [
    [0, extensionBodies.serverName('www.example.com')],
    [16, extensionBodies.alpn(Buffer.from('h2'))],
    [13, extensionBodies.algorithms(0x0403, 0x0804)],
    [43, extensionBodies.versions(0x0304)],
  ],
});
const request = Buffer.from('GET /index.html HTTP/1.1\r\nHost: www.example.com\r\nUser-Agent: bench\r\n\r\n');
const bulk = Buffer.alloc(1400, 0x5a);

const kinds = {
  'DNS questions and answers': (i: number) => {
    const question = { id: i & 0xffff, flags: 0x0100, questions: [{ name: `n${i}.example.com`, type: 1 }] };
    const data = Buffer.from([192, 0, 2, 1]);
    const answers = [{ name: Buffer.from([0xc0, 12]), type: 1, data }];
    const ends = endsOf(i, 53);
    return [
      udp(ends, dnsMessage(question)),
      udp(turn(ends), dnsMessage({ ...question, flags: 0x8180, answers })),
    ];
  },
  'connections with a TLS hello': (i: number) => connection(endsOf(i, 443), [['client', hello]]),
  'connections with an HTTP request': (i: number) => connection(endsOf(i, 80), [['client', request]]),
  'bulk over TCP': (i: number) =>
    connection(endsOf(i, 9000), Array<readonly ['server', Buffer]>(100).fill(['server', bulk])),
} as const;

/** Frames of one kind, as many as wanted or a few more. */
function framesOf(make: (i: number) => Buffer[], count: number): Buffer[] {
  const frames: Buffer[] = [];
  for (let i = 0; frames.length < count; i++) frames.push(...make(i));
  return frames;
}

const newTraffic = (count: () => void) =>
  new Traffic({ bounds: boundsOf(defaultPacketSettings), isComplete: true, onTold: count });

function cpuS(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** CPU seconds of a million packets. The same frames go through again at later times, so that making them is not measured. */
function decodeCost(frames: readonly Buffer[]): number {
  const traffic = newTraffic(() => {});
  const turnOf = () => {
    for (const frame of frames)
      traffic.take(frame, 0, frame.length, frame.length, timeUs++ * 50, linkTypes.ethernet);
  };
  let timeUs = 20_000_000_000_000;
  turnOf();
  const began = cpuS();
  let done = 0;
  for (; done < packets / 4; done += frames.length) turnOf();
  return ((cpuS() - began) / done) * 1e6;
}

async function readingSpeed(folder: string): Promise<{ bytesPerS: number; packetsPerS: number }> {
  const path = join(folder, 'bench.pcap');
  const frames = timed(Object.values(kinds).flatMap((make) => framesOf(make, Math.min(50_000, packets / 8))));
  writeFileSync(path, pcapFile(frames));
  const traffic = newTraffic(() => {});
  const began = performance.now();
  const { sizeBytes } = await readCaptureFile({ path, take: (...frame) => traffic.take(...frame) });
  const seconds = (performance.now() - began) / 1000;
  return { bytesPerS: sizeBytes / seconds, packetsPerS: frames.length / seconds };
}

interface BulkCost {
  readonly captureCpuS: number;
  readonly transferS: number;
  readonly packets: number;
  readonly dropped: number;
}

/** Sends so many bytes over loopback in another process, with a capture beside it. */
async function bulkCost(bytes: number): Promise<BulkCost | string> {
  const binding = loadBinding();
  if (typeof binding === 'string') return binding;
  const filter = captureFilter({ level: 'full', collector: undefined, extra: '' });
  const { ringBytes, snapBytes } = defaultPacketSettings;
  const capture = await LiveCapture.open({ binding, device: 'any', filter, ringBytes, snapBytes });
  if (typeof capture === 'string') return capture;
  const traffic = newTraffic(() => {});
  const child: ChildProcess = fork(import.meta.filename, ['--gib', String(bytes)], {
    env: { ...process.env, BENCH_PACKETS_SENDER: '1' },
  });
  const ended = once(child, 'exit');
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  const [began, cpuBegan] = [performance.now(), cpuS()];
  while (!isOver) {
    await sleep(250);
    capture.drain((...frame) => traffic.take(...frame), 100);
  }
  const cost = {
    captureCpuS: cpuS() - cpuBegan,
    transferS: (performance.now() - began) / 1000,
    packets: capture.stats.taken,
    dropped: capture.stats.dropped,
  };
  await capture.close();
  return cost;
}

/** The other process: a server and a client that move so many bytes. */
async function send(bytes: number): Promise<void> {
  const { connect, createServer } = await import('node:net');
  const chunk = Buffer.alloc(1 << 20);
  const server = createServer((socket) => {
    socket.resume().on('end', () => server.close());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const client = connect(typeof address === 'object' && address !== null ? address.port : 0, '127.0.0.1');
  for (let sent = 0; sent < bytes; sent += chunk.length) {
    if (!client.write(chunk)) await once(client, 'drain');
  }
  client.end();
  await once(client, 'close');
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'vedette-bench-'));
  try {
    const results: BenchResult[] = [];
    for (const [name, make] of Object.entries(kinds)) {
      console.error(name);
      const value = decodeCost(framesOf(make, Math.min(20_000, packets / 8)));
      results.push({ name: `CPU per million packets: ${name}`, value, unit: 's' });
    }
    console.error('a capture file');
    const { bytesPerS, packetsPerS } = await readingSpeed(folder);
    results.push({ name: 'capture file, packets', value: packetsPerS, unit: '1/s' });
    results.push({ name: 'capture file, bytes a second', value: bytesPerS, unit: 'B' });
    console.error(`${gib} GiB over loopback`);
    const cost = await bulkCost(gib * 2 ** 30);
    if (typeof cost === 'string') console.error(`live capture left out: ${cost}`);
    else {
      results.push({ name: 'live bulk, bytes a second', value: (gib * 2 ** 30) / cost.transferS, unit: 'B' });
      results.push({
        name: 'live bulk, CPU of the capture',
        value: cost.captureCpuS / cost.transferS,
        unit: 'ratio',
        goal: 0.02,
        less: true,
      });
      results.push({ name: 'live bulk, packets captured', value: cost.packets, unit: 'count' });
      results.push({
        name: 'live bulk, packets dropped',
        value: cost.dropped,
        unit: 'count',
        goal: 0,
        less: true,
      });
    }
    report({ packets, gib, bounds: 'default' }, results);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await (process.env['BENCH_PACKETS_SENDER'] === '1' ? send(gib) : main());
