import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { advisories } from './furnish.ts';
import { LiveAlerts } from './live-alerts.ts';

const top = join(import.meta.dirname, '../..');
const data = '/var/lib/vedette';
/** The agent has looked at everything there is when this long has passed since it said that it runs. */
const settleMs = 15_000;

/** A real collector and agent as `up` starts them, all sensors on. */
export interface Product {
  readonly child: ChildProcess;
  readonly alerts: LiveAlerts;
}

/** Sensors are at their defaults, but for one folder of files that is watched besides. */
export const agentSettings = { filePaths: ['/srv/files/**'] };

export async function startProduct(instance: string): Promise<Product> {
  mkdirSync(join(data, 'agent'), { recursive: true, mode: 0o700 });
  writeFileSync(join(data, 'agent/config.json'), JSON.stringify(agentSettings));
  const ports = ['--port', '0', '--agent-port', '0', '--log-level', 'error'];
  const child = spawn(
    process.execPath,
    [join(top, 'scripts/vedette.mjs'), 'up', '--json', '--data', data, ...ports],
    {
      cwd: top,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, VEDETTE_INSTANCE: instance },
    },
  );
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const ended = once(child, 'exit').then(() => {
    throw new Error('the collector ended before it said that it runs');
  });
  const [line] = (await Promise.race([once(lines, 'line'), ended])) as [string];
  const { api, tokenFile } = JSON.parse(line) as { api: string; tokenFile: string };
  const alerts = await LiveAlerts.open(api, tokenFile);
  await hostIsThere(api, tokenFile);
  const taken = [
    join(top, 'scripts/vedette.mjs'),
    'rules',
    'advisories',
    'import',
    advisories,
    '--data',
    data,
  ];
  await once(spawn(process.execPath, taken, { cwd: top, stdio: ['ignore', 'ignore', 'inherit'] }), 'exit');
  await sleep(settleMs);
  return { child, alerts };
}

async function hostIsThere(api: string, tokenFile: string): Promise<void> {
  const headers = { authorization: `Bearer ${readFileSync(tokenFile, 'utf8').trim()}` };
  for (;;) {
    const answer = await fetch(`${api.replace(/\/$/, '')}/api/v1/hosts`, { headers });
    const { items } = (await answer.json()) as { items?: readonly unknown[] };
    if ((items?.length ?? 0) > 0) return;
    await sleep(200);
  }
}
