/** The storms, and what a watcher counted of them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface WatcherReport {
  readonly executed: number;
  /** Distinct marks in command lines. */
  readonly withCommandLine: number;
  readonly withParent: number;
  readonly ended: number;
  readonly connected: number;
  readonly accepted: number;
  /** Of both, with the process that owns them. */
  readonly owned: number;
  readonly closed: number;
  readonly withBytes: number;
  readonly lost: number;
  readonly cpuS: number;
}

const markPattern = /\bvedette-storm-(\d+)\b/;

/** The number of one process of a storm, from its command line. */
export function markOf(commandLine: string | undefined): string | undefined {
  return markPattern.exec(commandLine ?? '')?.[1];
}

/** Shells that start the processes, so that the pace is kept by one and the work shared. */
const shells = 4;
const tickMs = 5;

/**
 * Starts so many processes a second, each a program of its own (`/bin/true`, which lives for about a millisecond) with
 * a mark of its own in its arguments. Gives how many were started, and how long it took.
 */
export async function processStorm(
  perSecond: number,
  seconds: number,
): Promise<{ executed: number; seconds: number }> {
  const workers: ChildProcess[] = Array.from({ length: shells }, () =>
    spawn('/bin/sh', ['-c', 'while read -r mark; do /bin/true "$mark"; done'], {
      stdio: ['pipe', 'ignore', 'ignore'],
    }),
  );
  const total = perSecond * seconds;
  const began = performance.now();
  for (let n = 0; n < total; ) {
    const due = Math.min(total, Math.floor(((performance.now() - began) / 1000) * perSecond));
    for (; n < due; n++) workers[n % shells]?.stdin?.write(`vedette-storm-${n}\n`);
    await sleep(tickMs);
  }
  for (const worker of workers) worker.stdin?.end();
  await Promise.all(workers.map((worker) => once(worker, 'exit')));
  return { executed: total, seconds: (performance.now() - began) / 1000 };
}

/** Makes so many connections a second over loopback, each with a hundred bytes there and fifty back. */
export async function connectionStorm(
  perSecond: number,
  seconds: number,
): Promise<{ made: number; seconds: number }> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', () => socket.end(Buffer.alloc(50)));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const total = perSecond * seconds;
  const began = performance.now();
  let closed = 0;
  for (let n = 0; n < total; ) {
    const due = Math.min(total, Math.floor(((performance.now() - began) / 1000) * perSecond));
    for (; n < due; n++) {
      const socket = connect(port, '127.0.0.1', () => socket.write(Buffer.alloc(100)));
      socket.on('error', () => {});
      socket.resume().on('close', () => closed++);
    }
    await sleep(tickMs);
  }
  while (closed < total) await sleep(tickMs);
  const took = (performance.now() - began) / 1000;
  server.close();
  return { made: total, seconds: took };
}
