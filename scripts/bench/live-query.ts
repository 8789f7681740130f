/**
 * Live queries as osquery's users ask them, of a real agent over a real collector: how long each takes from the request
 * to the last row, as whoever asks sees it. The first one, which starts the process of queries, is told by itself.
 * Linux only.
 * --runs N --json
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { LiveQueryJson } from '../../collector/api/resources/queries.ts';
import { accessOf, Client } from '../../collector/cli/client.ts';
import type { LiveQueryLine } from '../../collector/store/contract.ts';
import { sampleQueries } from './live-query/queries.ts';
import { costOf } from './process-cost.ts';
import { type BenchResult, percentile, report } from './report.ts';

const { values: flags } = parseArgs({
  options: { runs: { type: 'string', default: '5' }, json: { type: 'boolean', default: false } },
});
const runs = Number(flags.runs);
const top = join(import.meta.dirname, '../..');
const goalS = 0.3;
/** Of the last minute: what else runs on the host delays every answer. */
const load = loadavg();

async function startUp(folder: string): Promise<ChildProcess> {
  const args = ['up', '--json', '--port', '0', '--agent-port', '0', '--log-level', 'error', '--data', folder];
  const child = spawn(process.execPath, [join(top, 'scripts/vedette.mjs'), ...args], {
    cwd: top,
    stdio: ['ignore', 'pipe', 'ignore'],
    // An agent that runs on this host already keeps its kernel events and its lock.
    env: { ...process.env, VEDETTE_INSTANCE: 'bench' },
  });
  await once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line');
  return child;
}

interface Answer {
  readonly elapsedS: number;
  readonly rows: number;
  readonly problem: string | undefined;
}

async function answerOf(client: Client, sql: string): Promise<Answer> {
  const began = performance.now();
  const { id } = await client.call<LiveQueryJson>('POST', '/queries', {}, { sql, hosts: ['all'] });
  let rows = 0;
  let problem: string | undefined;
  for await (const line of client.lines<LiveQueryLine>(`/queries/${id}/results`)) {
    if (line.type === 'row') rows++;
    if (line.type === 'host' && line.state !== 'done') problem = `${line.state} ${line.code} ${line.detail}`;
  }
  return { elapsedS: (performance.now() - began) / 1000, rows, problem };
}

async function untilConnected(client: Client): Promise<void> {
  for (;;) {
    const { items } = await client.get<{ items: { connected: boolean }[] }>('/hosts');
    if (items.some((host) => host.connected)) return;
    await sleep(200);
  }
}

async function agentPid(client: Client): Promise<number> {
  const { id } = await client.call<LiveQueryJson>(
    'POST',
    '/queries',
    {},
    {
      sql: 'SELECT pid FROM vedette_agent',
      hosts: ['all'],
    },
  );
  for await (const line of client.lines<LiveQueryLine>(`/queries/${id}/results`))
    if (line.type === 'row') return Number(line.row['pid']);
  throw new Error('The agent did not tell its process.');
}

spawnSync(process.execPath, [join(top, 'scripts/agent-bundle.mjs')], { stdio: 'inherit' });
const folder = mkdtempSync(join(tmpdir(), 'vedette-live-query-'));
const server = await startUp(folder);
try {
  const client = new Client(accessOf(folder));
  await untilConnected(client);
  await sleep(5000);
  const first = await answerOf(client, 'SELECT 1');
  const pid = await agentPid(client);
  const before = costOf(pid);
  const results: BenchResult[] = [];
  const all: number[] = [];
  const slowest: number[] = [];
  const problems: string[] = [];
  for (const [number, { sql }] of sampleQueries.entries()) {
    const answers: Answer[] = [];
    for (let run = 0; run < runs; run++) answers.push(await answerOf(client, sql));
    const times = answers.map((one) => one.elapsedS);
    all.push(...times);
    for (const { problem } of answers) if (problem !== undefined) problems.push(`${sql}: ${problem}`);
    const name = `${number + 1}. ${sql.replaceAll(/\s+/g, ' ')}`;
    console.log(`${name}: ${answers[0]?.rows} rows`);
    results.push({
      name: name.slice(0, 60),
      value: percentile(times, 0.5),
      unit: 's',
      goal: goalS,
      less: true,
    });
    slowest.push(Math.max(...times));
  }
  for (const problem of problems) console.error(problem);
  const met = results.filter((one) => one.value <= goalS).length;
  const metAlways = slowest.filter((one) => one <= goalS).length;
  const after = costOf(pid);
  const settings = {
    ...{ runs, queries: sampleQueries.length, seed: 'none: it is the state of this host' },
    loadBefore: load[0],
  };
  report(settings, [
    ...results,
    { name: 'queries whose median met it', value: met, unit: 'count', goal: 50 },
    { name: 'queries whose slowest run met it', value: metAlways, unit: 'count' },
    { name: 'queries that failed', value: problems.length, unit: 'count', goal: 0, less: true },
    {
      name: 'the first query, which starts their process',
      value: first.elapsedS,
      unit: 's',
      goal: goalS,
      less: true,
    },
    { name: 'median of all', value: percentile(all, 0.5), unit: 's' },
    { name: '95th percentile of all', value: percentile(all, 0.95), unit: 's' },
    { name: 'memory of the agent before', value: before.rssBytes, unit: 'B' },
    { name: 'memory of the agent afterwards', value: after.rssBytes, unit: 'B' },
  ]);
} finally {
  server.kill('SIGTERM');
  await once(server, 'exit');
  rmSync(folder, { recursive: true, force: true });
}
