/**
 * What the starter pack sees and how quiet it is: plays harmless emulations of ATT&CK techniques and ordinary work in
 * a scratch host (scripts/evaluate/scratch-host.ts) that a real agent watches for a real collector. Needs root and
 * Linux; nothing outside the scratch host changes. See docs/detections.md.
 * --list --only T1053.003,T1046 --hosts-work-minutes N --no-work --patience-ms N --seed N --json
 */
import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type BenchResult, percentile, report } from './bench/report.ts';
import type { FalseAlert, Message, Played, Settings } from './evaluate/contract.ts';
import {
  endMarked,
  lacksForScratchHost,
  removeTraceInstances,
  startInScratchHost,
} from './evaluate/scratch-host.ts';
import { techniques, techniquesNamed } from './evaluate/techniques.ts';

const { values: flags } = parseArgs({
  options: {
    list: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    'hosts-work-minutes': { type: 'string', default: '10' },
    'no-work': { type: 'boolean', default: false },
    'patience-ms': { type: 'string', default: '12000' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});

const settings: Settings = {
  only: flags.only.split(',').filter((id) => id !== ''),
  workMinutes: flags['no-work'] ? 0 : numberOf('hosts-work-minutes'),
  seed: numberOf('seed'),
  patienceMs: numberOf('patience-ms'),
};

function numberOf(name: 'hosts-work-minutes' | 'patience-ms' | 'seed'): number {
  const value = Number(flags[name]);
  if (Number.isFinite(value) && value >= 0) return value;
  return endWith(`--${name} is a number, 0 or more.`);
}

function endWith(words: string): never {
  console.error(`evaluate: ${words}`);
  process.exit(2);
}

if (flags.list) {
  for (const { id, name, rules } of techniques)
    console.log(`${id.padEnd(10)} ${name}  [${rules.join(', ')}]`);
  process.exit(0);
}
const unknown = settings.only.filter((id) => techniquesNamed([id]).length === 0);
if (unknown.length > 0) endWith(`there is no act for ${unknown.join(', ')}; --list shows those there are.`);
const lacks = lacksForScratchHost();
if (lacks !== undefined) endWith(`${lacks}.`);

const mark = `${process.pid}-${randomBytes(3).toString('hex')}`;
const script = join(import.meta.dirname, 'evaluate/inside.process.ts');
const env = { ...process.env, NODE_OPTIONS: '', NODE_V8_COVERAGE: undefined, VEDETTE_DATA: undefined };
const child = startInScratchHost([process.execPath, script], { ...env, VEDETTE_EVALUATE: mark });

let isStopped = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => {
    isStopped = true;
    console.error('stopping');
    if (child.connected) child.disconnect();
  });

const played: Played[] = [];
const falseAlerts: FalseAlert[] = [];
const failures: string[] = [];
let hours = 0;
let tasks = 0;
let lowAlerts = 0;

function take(message: Message): void {
  switch (message.kind) {
    case 'note':
      console.error(message.text);
      break;
    case 'played':
      played.push(message.played);
      console.log(lineOf(message.played));
      break;
    case 'task-failed':
      console.error(`  ${message.name} did not end well: ${message.why}`);
      break;
    case 'false-alert':
      falseAlerts.push(message.alert);
      console.log(falseLineOf(message.alert));
      break;
    case 'worked':
      ({ hours, tasks, lowAlerts } = message);
      break;
    case 'failed':
      failures.push(message.text);
      console.error(message.text);
      break;
    case 'done':
      break;
  }
}

function lineOf({ id, name, rules, lacks: missing, by, delayMs, others, stderr }: Played): string {
  const head = `${id.padEnd(10)} ${name.padEnd(52)}`;
  if (missing !== undefined) return `${head} not run: there is no ${missing}`;
  const also = others.length === 0 ? '' : `  also ${others.join(', ')}`;
  if (by !== undefined) return `${head} ${by} after ${((delayMs ?? 0) / 1000).toFixed(2)} s${also}`;
  return `${head} NOT DETECTED, expected ${rules.join(' or ')}${also}${stderr === '' ? '' : `  (${stderr.split('\n').at(-1)})`}`;
}

function falseLineOf({ rule, level, reason, task, program }: FalseAlert): string {
  return `  false alert (${level}, ${rule}) in "${task}", by ${program.slice(0, 120)}: ${reason}`;
}

await runInside(child);
await endMarked(mark);
removeTraceInstances(`evaluate-${mark}`);
if (isStopped) process.exit(130);
if (failures.length > 0) process.exit(1);
tellResults();

async function runInside(inside: ChildProcess): Promise<void> {
  inside.on('message', (message) => take(message as Message));
  inside.once('error', (error) => failures.push(error.message));
  inside.send(settings);
  const [code, signal] = await once(inside, 'exit');
  if (code !== 0 && !isStopped && failures.length === 0)
    failures.push(`what ran inside ended with ${String(signal ?? code)}`);
  for (const text of failures) console.error(text);
}

function tellResults(): void {
  const ran = played.filter((one) => one.lacks === undefined);
  const detected = ran.filter((one) => one.by !== undefined);
  const delays = detected.map((one) => (one.delayMs ?? 0) / 1000);
  const fromEvent = detected.map((one) => (one.fromEventMs ?? 0) / 1000);
  const distinct = new Set(ran.map(({ id }) => id));
  const worked: readonly BenchResult[] =
    hours === 0
      ? []
      : [
          { name: 'ordinary work', value: hours * 3600, unit: 's' },
          { name: 'tasks of ordinary work done', value: tasks, unit: 'count' },
          {
            ...{ name: 'false alerts of medium or higher per host-hour', value: falseAlerts.length / hours },
            ...{ unit: '1/h', goal: 1, less: true },
          },
          { name: 'alerts below medium on ordinary work', value: lowAlerts, unit: 'count' },
        ];
  const acts: readonly BenchResult[] =
    ran.length === 0
      ? []
      : [
          {
            ...{ name: 'techniques run', value: distinct.size, unit: 'count' },
            ...(settings.only.length === 0 && { goal: 120 }),
          },
          { name: 'acts run', value: ran.length, unit: 'count' },
          { name: 'acts not run for want of a program', value: played.length - ran.length, unit: 'count' },
          {
            name: 'detected with a specific alert',
            value: detected.length / ran.length,
            unit: 'ratio',
            goal: 0.85,
          },
          { name: 'act to alert, median', value: percentile(delays, 0.5), unit: 's' },
          { name: 'act to alert, p99', value: percentile(delays, 0.99), unit: 's' },
          { name: 'last event to alert, median', value: percentile(fromEvent, 0.5), unit: 's' },
          { name: 'last event to alert, p99', value: percentile(fromEvent, 0.99), unit: 's' },
        ];
  report({ ...settings, watchedBesides: '/srv/files' }, [...acts, ...worked]);
}
