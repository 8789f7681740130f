/**
 * What an agent costs its host: memory and CPU over a minute with 300 processes, connected to a collector.
 * A collector, an agent and the processes are started for it. Linux only.
 * --seconds N --processes N --runs N --json
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
import { percentile, report } from './report.ts';

const { values: flags } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    processes: { type: 'string', default: '300' },
    settle: { type: 'string', default: '20' },
    runs: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const seconds = Number(flags.seconds);
const wanted = Number(flags.processes);
const settleS = Number(flags.settle);
const runs = Number(flags.runs);
const top = join(import.meta.dirname, '../..');

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
    env: { ...process.env, ...env },
  });
  children.push(child);
  return child;
}

async function firstLine(child: ChildProcess): Promise<Record<string, string>> {
  const [line] = (await once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line')) as [
    string,
  ];
  return JSON.parse(line) as Record<string, string>;
}

async function measure(folder: string): Promise<{ cost: ProcessCost; cpuShare: number; processes: number }> {
  const collector = start([
    'collector',
    '--json',
    '--port',
    '0',
    '--agent-port',
    '0',
    '--log-level',
    'error',
    '--data',
    folder,
  ]);
  await firstLine(collector);
  const enrolling = start(['enroll', '--new-token', '--json', '--data', folder]);
  let text = '';
  enrolling.stdout?.on('data', (part: Buffer) => {
    text += part.toString();
  });
  await once(enrolling, 'exit');
  const { token } = JSON.parse(text) as { token: string };
  await once(start(['enroll', '--json', '--data', folder], [], { VEDETTE_TOKEN: token }), 'exit');
  // As `up` starts it.
  const agent = start(['agent', '--json', '--data', folder], agentNodeFlags, agentEnvironment);
  await firstLine(agent);
  await sleep(settleS * 1000);
  const pid = agent.pid as number;
  const before = costOf(pid);
  const began = performance.now();
  await sleep(seconds * 1000);
  const after = costOf(pid);
  const cpuShare = (after.cpuS - before.cpuS) / ((performance.now() - began) / 1000);
  const processes = processCount();
  agent.kill('SIGTERM');
  collector.kill('SIGTERM');
  await Promise.all(
    [agent, collector].map((child) => (child.exitCode === null ? once(child, 'exit') : undefined)),
  );
  return { cost: after, cpuShare, processes };
}

const folders: string[] = [];
try {
  for (let n = processCount(); n < wanted; n++) children.push(spawn('sleep', ['3600'], { stdio: 'ignore' }));
  const results: Awaited<ReturnType<typeof measure>>[] = [];
  for (let run = 0; run < runs; run++) {
    console.error(`run ${run + 1} of ${runs}: ${settleS} s to settle, ${seconds} s measured`);
    const folder = mkdtempSync(join(tmpdir(), 'vedette-bench-'));
    folders.push(folder);
    results.push(await measure(folder));
  }
  const median = (of: (r: (typeof results)[number]) => number) => percentile(results.map(of), 0.5);
  report(
    { seconds, settleS, runs, processes: median((r) => r.processes), sensors: 'all, sampled at defaults' },
    [
      {
        name: 'resident memory',
        value: median((r) => r.cost.rssBytes),
        unit: 'B',
        goal: 80 * 1024 ** 2,
        less: true,
      },
      {
        name: 'private memory',
        value: median((r) => r.cost.privateBytes),
        unit: 'B',
        goal: 30 * 1024 ** 2,
        less: true,
      },
      { name: 'CPU, of one core', value: median((r) => r.cpuShare), unit: 'ratio', goal: 0.005, less: true },
    ],
  );
} finally {
  for (const child of children) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}
