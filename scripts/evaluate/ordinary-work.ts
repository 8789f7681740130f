/** What people and machines do all day, over and over for so long, and which medium or worse alerts that raises. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { randomOf } from '../bench/sample-events.ts';
import type { Message, Settings } from './contract.ts';
import { actFolder } from './furnish.ts';
import { tasks } from './ordinary-tasks.ts';
import type { Stage } from './play.ts';
import { hasProgram } from './scratch-host.ts';

/** A task that does not end by itself is ended then. */
const taskLimitMs = 120_000;
/** People pause between what they do; most of it, in milliseconds. */
const longestPauseMs = 1500;
/** What the last task did is told within this. */
const settleMs = 5000;
const worse = new Set(['medium', 'high', 'critical']);

export async function work(
  settings: Settings,
  stage: Stage,
  tell: (message: Message) => void,
): Promise<void> {
  const random = randomOf(settings.seed);
  const beganAt = Date.now();
  const endAt = beganAt + settings.workMinutes * 60_000;
  const known = new Set<string>();
  let from = stage.alerts.count;
  let done = 0;
  let low = 0;
  const judge = async (task: string) => {
    const told = stage.alerts.since(from);
    from += told.length;
    for (const alert of told) {
      const { id, ruleTitle, level, reason, ruleId, event } = alert;
      if (known.has(id)) continue;
      known.add(id);
      if (await stage.alerts.isElsewhere(alert)) continue;
      const rule = stage.fileOf.get(ruleId) ?? ruleTitle;
      if (worse.has(level))
        tell({ kind: 'false-alert', alert: { rule, level, reason, task, program: programOf(event) } });
      else low++;
    }
  };
  while (Date.now() < endAt) {
    for (const { name, lines, needs = [] } of shuffled(tasks, random)) {
      if (Date.now() >= endAt) break;
      if (!needs.every(hasProgram)) continue;
      const why = await run(lines);
      if (why !== '') tell({ kind: 'task-failed', name, why });
      done++;
      await sleep(random() * longestPauseMs);
      await judge(name);
    }
  }
  await sleep(settleMs);
  await judge('what came last');
  tell({ kind: 'worked', hours: (Date.now() - beganAt) / 3_600_000, tasks: done, lowAlerts: low });
}

function programOf(event: Readonly<Record<string, unknown>>): string {
  return String(event['process.command_line'] ?? event['process.executable'] ?? 'a program unknown');
}

/** Gives what went wrong, or nothing. */
async function run(lines: string): Promise<string> {
  const script = `${actFolder}/work.sh`;
  writeFileSync(script, `. ${actFolder}/library\nset -e\n${lines}\n`);
  const child = spawn('/bin/bash', [script], {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
    cwd: '/root',
  });
  let stderr = '';
  child.stderr.on('data', (part: Buffer) => {
    stderr = (stderr + part.toString()).slice(-300);
  });
  const limit = setTimeout(() => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'), taskLimitMs);
  const [code] = await once(child, 'exit');
  clearTimeout(limit);
  return code === 0 ? '' : (stderr.trim().split('\n').at(-1) ?? `it ended with ${String(code)}`);
}

function shuffled<T>(values: readonly T[], random: () => number): readonly T[] {
  return values
    .map((value) => ({ value, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ value }) => value);
}
