/**
 * What the sensors see of processes and connections that live for a millisecond: with the kernel's events and its
 * account of arguments, with the kernel's events and /proc alone, and by sampling once a second. Linux, as root.
 * --rate N --connections N --seconds N --json
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { agentNodeFlags } from '../../collector/cli/agent-child.ts';
import { type BenchResult, report } from './report.ts';
import { connectionStorm, processStorm, type WatcherReport } from './sensors/storm.ts';

const { values: flags } = parseArgs({
  options: {
    rate: { type: 'string', default: '1000' },
    connections: { type: 'string', default: '500' },
    seconds: { type: 'string', default: '20' },
    json: { type: 'boolean', default: false },
  },
});
const rate = Number(flags.rate);
const connectionRate = Number(flags.connections);
const seconds = Number(flags.seconds);

/** Longest the watcher needs to act on what was told last. */
const settleMs = 2500;

interface Watched {
  readonly modes: readonly string[];
  readonly executed: number;
  readonly made: number;
  readonly stormS: number;
  readonly processes: WatcherReport;
  readonly connections: WatcherReport;
  readonly cpuShare: number;
}

async function answer(watcher: ChildProcess): Promise<WatcherReport> {
  watcher.send('report');
  const [message] = (await once(watcher, 'message')) as [WatcherReport];
  return message;
}

async function watch(instance: string, argumentsFrom: 'auto' | 'proc'): Promise<Watched> {
  const watcher = fork(new URL('./sensors/watcher.ts', import.meta.url), [instance, argumentsFrom], {
    execArgv: [...agentNodeFlags],
  });
  try {
    const [{ ready }] = (await once(watcher, 'message')) as [{ ready: string[] }];
    await sleep(settleMs);
    watcher.send('begin');
    const storm = await processStorm(rate, seconds);
    await sleep(settleMs);
    const processes = await answer(watcher);
    const { made } = await connectionStorm(connectionRate, seconds);
    await sleep(settleMs);
    const connections = await answer(watcher);
    return {
      modes: ready,
      executed: storm.executed,
      made,
      stormS: storm.seconds,
      processes,
      connections,
      cpuShare: processes.cpuS / (storm.seconds + settleMs / 1000),
    };
  } finally {
    watcher.disconnect();
    await once(watcher, 'exit');
  }
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : part / whole;
}

function results(
  name: string,
  watched: Watched,
  goals: { seen?: number; withCommandLine?: number },
): BenchResult[] {
  const { executed, made, processes: p, connections: c } = watched;
  const ratio = (what: string, part: number, whole: number, goal?: number): BenchResult => ({
    name: `${name}: ${what}`,
    value: share(part, whole),
    unit: 'ratio',
    ...(goal === undefined ? {} : { goal }),
  });
  return [
    ratio('processes seen', p.executed, executed, goals.seen),
    ratio('processes seen or declared lost', Math.min(executed, p.executed + p.lost), executed, goals.seen),
    ratio('with command line', p.withCommandLine, executed, goals.withCommandLine),
    ratio('with parent', p.withParent, executed),
    ratio('end seen', p.ended, executed),
    ratio('connections seen, connecting side', c.connected, made, goals.seen),
    ratio('connections seen, accepting side', c.accepted, made, goals.seen),
    ratio('of both, with their process', c.owned, 2 * made),
    ratio('of both, closed with bytes', c.withBytes, 2 * made),
    { name: `${name}: records lost and declared`, value: c.lost, unit: 'count' },
    { name: `${name}: CPU of the sensors in the storm of processes`, value: watched.cpuShare, unit: 'ratio' },
  ];
}

const runs: { name: string; instance: string; from: 'auto' | 'proc'; goals: object }[] = [
  { name: 'kernel', instance: 'bench', from: 'auto', goals: { seen: 1, withCommandLine: 0.97 } },
  {
    name: 'kernel, arguments from /proc',
    instance: 'bench',
    from: 'proc',
    goals: { seen: 1, withCommandLine: 0.97 },
  },
  { name: 'sampled at 1 s', instance: '-', from: 'auto', goals: {} },
];
const all: BenchResult[] = [];
const pace: Record<string, number> = {};
for (const { name, instance, from, goals } of runs) {
  console.error(`${name}: ${rate} processes/s and ${connectionRate} connections/s for ${seconds} s each`);
  const watched = await watch(instance, from);
  console.error(
    `  modes: ${watched.modes.join(', ')}; executed ${watched.executed} in ${watched.stormS.toFixed(1)} s`,
  );
  pace[`${name}: processes per second reached`] = Math.round(watched.executed / watched.stormS);
  all.push(...results(name, watched, goals));
}
report({ rate, connectionRate, seconds, ...pace }, all);
