/** A collector in this process, an agent as a process of its own, and bundles signed for them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import type { Test } from 'tap';
import { digestOf, encodeBundle, encodeDocument } from '#shared/bundle/index.ts';
import { saveIdentity } from '../../agent/identity/identity.ts';
import type { OfferedBundle } from '../../collector/bundles/contract.ts';
import { startTestCollector, type TestCollector } from '../collector/start.ts';
import { bundleOf, type Made, root1 } from '../shared/bundle/scene.ts';
import { tempFolder } from '../temp.ts';
import { launcher, top } from '../vedette.ts';

const patienceMs = 90_000;
export const rootBytes = encodeDocument(root1);

export async function until<T>(what: () => T | Promise<T>, name: string): Promise<NonNullable<T>> {
  const endMs = Date.now() + patienceMs;
  for (;;) {
    const value = await what();
    if (value !== undefined && value !== null && value !== false) return value;
    if (Date.now() > endMs) throw new Error(`never: ${name}`);
    await sleep(50);
  }
}

/** A rule that matches commands that hold the word. */
export function ruleOf(word: string, id: string, more = ''): string {
  return `title: Word ${word}
id: ${id}
${more}status: test
logsource:
  category: process_creation
  product: linux
detection:
  word:
    CommandLine|contains: '${word}'
  condition: word
level: high
`;
}

/** A correlation that counts on each host the events of the rule named `counted`. */
export function countOf(id: string, least: number): string {
  return `title: Many
id: ${id}
correlation:
  type: event_count
  rules: [counted]
  group-by: [host.id]
  timespan: 1h
  condition:
    gte: ${least}
level: high
`;
}

export function offerOf(
  texts: Readonly<Record<string, string>>,
  version: number,
  made: Partial<Made> = {},
): OfferedBundle {
  const bundle = bundleOf({
    texts,
    ...made,
    facts: { version, ...made.facts },
    statement: { version: 10 + version, ...made.statement },
  });
  return { version, digest: digestOf(bundle), bytes: encodeBundle(bundle) };
}

let agents = 0;

export interface RunningAgent {
  readonly child: ChildProcess;
  readonly log: () => string;
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** Runs the agent of the folder; resolves once it says that it runs. */
export async function runAgent(t: Test, data: string, address?: string): Promise<RunningAgent> {
  const args = [
    launcher,
    'agent',
    '--data',
    data,
    '--json',
    ...(address === undefined ? [] : ['--address', address]),
  ];
  const env = {
    ...process.env,
    NODE_OPTIONS: '',
    NODE_V8_COVERAGE: undefined,
    VEDETTE_INSTANCE: `edge-${process.pid}-${agents++}`,
  };
  const child = spawn(process.execPath, args, { cwd: top, env, stdio: ['ignore', 'pipe', 'pipe'] });
  t.teardown(() => child.kill('SIGKILL'));
  let log = '';
  child.stderr?.on('data', (part: Buffer) => {
    log = (log + part.toString()).slice(-200_000);
  });
  const [first] = await Promise.race([
    once(child.stdout as NodeJS.ReadableStream, 'data'),
    once(child, 'exit'),
  ]);
  if (!(first instanceof Buffer)) throw new Error(`the agent ended: ${log}`);
  return {
    child,
    log: () => log,
    async kill(signal) {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill(signal);
      await ended;
    },
  };
}

export interface EdgeScene {
  readonly site: TestCollector;
  readonly hostId: string;
  /** Data folder of the agent, and the agent's own folder in it. */
  readonly data: string;
  readonly agentFolder: string;
}

/** A collector with these rules of its own, and an enrolled agent that does not run yet. */
export async function openScene(
  t: Test,
  rules: Readonly<Record<string, string>> = {},
  settings: Readonly<Record<string, unknown>> = {},
  pinned: 'at enrolment' | 'later' = 'at enrolment',
): Promise<EdgeScene> {
  const folder = tempFolder(t);
  for (const [path, text] of Object.entries(rules)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const site = await startTestCollector(t, folder);
  if (pinned === 'at enrolment') site.collector.desiredBundles.setRoot(rootBytes);
  const data = tempFolder(t);
  const agentFolder = join(data, 'agent');
  mkdirSync(agentFolder, { recursive: true });
  const { bundleRoot, ...identity } = await site.enrol({ hostname: 'edge', os: 'linux' });
  const root = pinned === 'at enrolment' && bundleRoot !== undefined ? { bundleRoot } : {};
  saveIdentity(agentFolder, { ...identity, ...root });
  const quick = { backoffMinMs: 100, backoffMaxMs: 500, pingMs: 500, bundleTrialMs: 200, ...settings };
  writeFileSync(join(agentFolder, 'config.json'), JSON.stringify(quick));
  return { site, hostId: identity.hostId, data, agentFolder };
}

/** Runs a command whose command line holds the word, once. */
export async function act(word: string): Promise<void> {
  const child = spawn('/bin/sh', ['-c', 'sleep 0.4; true', word], { stdio: 'ignore' });
  await once(child, 'exit');
}

export interface AlertRow {
  readonly id: string;
  readonly rule_id: string;
  readonly count: number;
  readonly central_count: number;
  readonly edge_count: number;
  readonly event_ids: string;
}

/** Alerts of a rule as the collector keeps them. */
export function alertsIn(folder: string, ruleId: string): AlertRow[] {
  const db = new Database(join(folder, 'control.db'), { readonly: true });
  try {
    return db.prepare('SELECT * FROM alert WHERE rule_id = ? ORDER BY raised_at').all(ruleId) as AlertRow[];
  } finally {
    db.close();
  }
}

export interface KeptBundleRow {
  readonly state: string;
  readonly version: number;
  readonly digest: string;
  readonly code: string;
  readonly detail: string;
  readonly report: string;
}

export function bundleStateIn(folder: string, hostId: string): KeptBundleRow | undefined {
  const db = new Database(join(folder, 'control.db'), { readonly: true });
  try {
    return db.prepare('SELECT * FROM host_bundle WHERE host_id = ?').get(hostId) as KeptBundleRow | undefined;
  } finally {
    db.close();
  }
}
