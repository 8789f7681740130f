/**
 * What an agent costs its host: memory and CPU with 300 processes, connected to a collector, first idle and then while
 * so many short programs are run a second. A collector, an agent and the processes are started for it. Other work on
 * the host is seen by the agent too and costs it: how many events it told while idle stands among the settings.
 * Linux only.
 * --seconds N --processes N --execs N --settle N --runs N --json
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { agentEnvironment, agentNodeFlags } from '../../collector/cli/agent-child.ts';
import { costOf, type ProcessCost } from './process-cost.ts';
import { type BenchResult, percentile, report } from './report.ts';
import { processStorm } from './sensors/storm.ts';

const { values: flags } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    processes: { type: 'string', default: '300' },
    execs: { type: 'string', default: '100' },
    settle: { type: 'string', default: '20' },
    runs: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const seconds = Number(flags.seconds);
const wanted = Number(flags.processes);
const execsPerSecond = Number(flags.execs);
const settleS = Number(flags.settle);
const runs = Number(flags.runs);
const top = join(import.meta.dirname, '../..');

/** An agent that runs on this host already keeps its kernel events and its lock. */
const instance = 'bench';

function processCount(): number {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).length;
}

const children: ChildProcess[] = [];

function start(
  args: readonly string[],
  flags: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): ChildProcess {
  const child = spawn(process.execPath, [...flags, join(top, 'scripts/vedette.mjs'), ...args], {
    cwd: top,
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, VEDETTE_INSTANCE: instance, ...env },
  });
  children.push(child);
  return child;
}

async function firstLine(child: ChildProcess): Promise<Record<string, string>> {
  const line = once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line');
  const ended = once(child, 'exit').then(() => {
    throw new Error(`${child.spawnargs.slice(1).join(' ')} ended before it said that it runs`);
  });
  const [text] = (await Promise.race([line, ended])) as [string];
  return JSON.parse(text) as Record<string, string>;
}

/** Runs a command to its end and gives the JSON document it prints. */
async function answerOf(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<unknown> {
  const child = start([...args, '--json'], [], env);
  let text = '';
  child.stdout?.on('data', (part: Buffer) => {
    text += part.toString();
  });
  await once(child, 'close');
  return JSON.parse(text);
}

/** A collector, and an agent connected to it as `up` starts it. */
async function startBoth(folder: string): Promise<{ collector: ChildProcess; agent: ChildProcess }> {
  const ports = ['--port', '0', '--agent-port', '0'];
  const collector = start(['collector', '--json', ...ports, '--log-level', 'error', '--data', folder]);
  await firstLine(collector);
  const { token } = (await answerOf(['enroll', '--new-token', '--data', folder])) as { token: string };
  await answerOf(['enroll', '--data', folder], { VEDETTE_TOKEN: token });
  const agent = start(['agent', '--json', '--data', folder], agentNodeFlags, agentEnvironment);
  await firstLine(agent);
  return { collector, agent };
}

interface Measured extends ProcessCost {
  readonly cpuShare: number;
}

/** What the process costs while the work is done: CPU over that time, memory at its end. */
async function during(pid: number, work: () => Promise<unknown>): Promise<Measured> {
  const before = costOf(pid);
  const began = performance.now();
  await work();
  const elapsedS = (performance.now() - began) / 1000;
  const after = costOf(pid);
  return { ...after, cpuShare: (after.cpuS - before.cpuS) / elapsedS };
}

interface Run {
  readonly processes: number;
  readonly idle: Measured;
  readonly idleEvents: number;
  readonly storm: Measured | undefined;
}

async function eventsTold(folder: string): Promise<number> {
  const status = (await answerOf(['agent', 'status', '--data', folder])) as { sensors: { events: number }[] };
  return status.sensors.reduce((sum, sensor) => sum + sensor.events, 0);
}

async function measure(folder: string): Promise<Run> {
  const { collector, agent } = await startBoth(folder);
  const pid = agent.pid as number;
  await sleep(settleS * 1000);
  const told = await eventsTold(folder);
  const idle = await during(pid, () => sleep(seconds * 1000));
  const idleEvents = (await eventsTold(folder)) - told;
  const processes = processCount();
  const storm =
    execsPerSecond === 0 ? undefined : await during(pid, () => processStorm(execsPerSecond, seconds));
  agent.kill('SIGTERM');
  collector.kill('SIGTERM');
  await Promise.all(
    [agent, collector].map((child) => (child.exitCode === null ? once(child, 'exit') : undefined)),
  );
  return { processes, idle, idleEvents, storm };
}

interface Goals {
  readonly rssBytes?: number;
  readonly privateBytes?: number;
  readonly cpuShare: number;
}

function resultsOf(when: string, costs: readonly Measured[], goals: Goals): BenchResult[] {
  const median = (name: keyof Measured) =>
    percentile(
      costs.map((cost) => cost[name]),
      0.5,
    );
  const result = (what: string, name: keyof Measured & keyof Goals, unit: string): BenchResult => ({
    name: `${when}: ${what}`,
    value: median(name),
    unit,
    ...(goals[name] === undefined ? {} : { goal: goals[name], less: true }),
  });
  return [
    result('resident memory', 'rssBytes', 'B'),
    result('private memory', 'privateBytes', 'B'),
    result('CPU, of one core', 'cpuShare', 'ratio'),
  ];
}

const mebibyte = 1024 ** 2;
const folders: string[] = [];
try {
  for (let n = processCount(); n < wanted; n++) children.push(spawn('sleep', ['3600'], { stdio: 'ignore' }));
  const results: Run[] = [];
  for (let run = 0; run < runs; run++) {
    console.error(`run ${run + 1} of ${runs}: ${settleS} s to settle, ${seconds} s idle`);
    if (execsPerSecond > 0) console.error(`  then ${seconds} s with ${execsPerSecond} programs a second`);
    const folder = mkdtempSync(join(tmpdir(), 'vedette-bench-'));
    folders.push(folder);
    results.push(await measure(folder));
  }
  const median = (of: (run: Run) => number) => percentile(results.map(of), 0.5);
  const storms = results.map((run) => run.storm).filter((storm) => storm !== undefined);
  report(
    {
      seconds,
      settleS,
      runs,
      execsPerSecond,
      processes: median((run) => run.processes),
      eventsPerSecondWhileIdle: median((run) => run.idleEvents / seconds),
      sensors: 'all, at defaults',
    },
    [
      ...resultsOf(
        'idle',
        results.map((run) => run.idle),
        { rssBytes: 80 * mebibyte, privateBytes: 30 * mebibyte, cpuShare: 0.005 },
      ),
      ...(storms.length === 0 ? [] : resultsOf(`${execsPerSecond} programs/s`, storms, { cpuShare: 0.04 })),
    ],
  );
} finally {
  for (const child of children) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}
