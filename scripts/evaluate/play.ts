/** Plays acts one after another and finds which rule told of each. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Played, Technique } from './contract.ts';
import { actFolder } from './furnish.ts';
import type { LiveAlert, LiveAlerts } from './live-alerts.ts';
import { hasProgram } from './scratch-host.ts';

/** An act that does not end by itself is ended then. */
const actLimitMs = 60_000;
/** Clocks of an event and of this process differ by less. */
const clockSlackMs = 50;
/** After an alert, what else belongs to the act is waited for so long. */
const afterMs = 400;

export interface Stage {
  readonly alerts: LiveAlerts;
  /** Process in the network namespace of the internet. */
  readonly internetPid: number;
  /** Ids of rules by the path of their file in the pack, and back. */
  readonly rules: ReadonlyMap<string, ReadonlySet<string>>;
  readonly fileOf: ReadonlyMap<string, string>;
  readonly patienceMs: number;
}

export async function play(technique: Technique, stage: Stage): Promise<Played> {
  const { id, name, rules } = technique;
  const lacks = (technique.needs ?? []).filter((tool) => !hasProgram(tool)).join(', ');
  if (lacks !== '') return { id, name, rules, lacks, others: [], stderr: '' };
  const expected = new Set(rules.flatMap((rule) => [...(stage.rules.get(rule) ?? [])]));
  const from = stage.alerts.count;
  const beganAt = Date.now();
  const running = run(technique, technique.act, stage);
  const isSpecific = (alert: LiveAlert) =>
    expected.has(alert.ruleId) && alert.lastEventAt >= beganAt - clockSlackMs;
  const ended = running.then(() => Date.now());
  let endedAt: number | undefined;
  ended.then((at) => {
    endedAt = at;
  });
  let found: LiveAlert | undefined;
  while (found === undefined && (endedAt === undefined || Date.now() < endedAt + stage.patienceMs)) {
    found = stage.alerts.since(from).find(isSpecific);
    if (found === undefined) await stage.alerts.next(100);
  }
  const stderr = await running;
  await sleep(afterMs);
  const others = new Set(stage.alerts.since(from).map(({ ruleId }) => stage.fileOf.get(ruleId) ?? ruleId));
  if (technique.cleanUp !== undefined) await run(technique, technique.cleanUp, stage);
  const by = found === undefined ? undefined : stage.fileOf.get(found.ruleId);
  if (by !== undefined) others.delete(by);
  return {
    ...{ id, name, rules, others: [...others], stderr },
    ...(found !== undefined &&
      by !== undefined && {
        by,
        delayMs: found.receivedAt - beganAt,
        fromEventMs: found.receivedAt - found.lastEventAt,
      }),
  };
}

/** Runs lines as a script; gives the end of what they wrote to standard error. */
async function run(technique: Technique, lines: string, stage: Stage): Promise<string> {
  const script = `${actFolder}/${technique.id.toLowerCase()}.sh`;
  writeFileSync(script, `. ${actFolder}/library\n${lines}\n`);
  chmodSync(script, 0o755);
  if (technique.user !== undefined) chownSync(script, 0, 0);
  const inner = ['/bin/bash', script];
  const asUser = technique.user === undefined ? inner : ['setpriv', ...identityOf(technique.user), ...inner];
  const all =
    technique.place === 'internet' ? ['nsenter', '-t', `${stage.internetPid}`, '-n', ...asUser] : asUser;
  const [command = '', ...args] = all;
  const child = spawn(command, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
    cwd: '/',
    env: { ...process.env, INTERNET: `${stage.internetPid}` },
  });
  let stderr = '';
  child.stderr.on('data', (part: Buffer) => {
    stderr = (stderr + part.toString()).slice(-500);
  });
  const limit = setTimeout(() => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL'), actLimitMs);
  await once(child, 'exit');
  clearTimeout(limit);
  return stderr.trim();
}

function identityOf(user: string): readonly string[] {
  return [`--reuid=${user}`, `--regid=${user}`, '--init-groups', '--reset-env'];
}
