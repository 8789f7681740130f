/**
 * A rule admin's walk with twenty agents as processes of their own: public rules imported, tested, backtested, signed and
 * pushed in stages; then bundles that flood or are refused, stopped at the canary.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { saveIdentity } from '../../agent/identity/identity.ts';
import type { HostRulesJson } from '../../collector/api/json/host-rules.ts';
import type { RolloutJson } from '../../collector/api/json/rollout.ts';
import { startTestCollector, type TestCollector } from '../collector/start.ts';
import { ruleOf, runAgent } from '../edge/edge-scene.ts';
import { tempFolder } from '../temp.ts';
import { launcher, top } from '../vedette.ts';

const agents = 20;
const archive = join(top, '../shared/sigma/sigmahq.tar.gz');
const linux = process.platform === 'linux' && process.getuid?.() === 0;

/** Twenty agents on one machine: all but the canary look at little, and seldom. */
const still = {
  ...{ kernelEvents: 'off', packetCapture: 'off', filePaths: [], logFiles: [] },
  ...{ processIntervalMs: 60_000, networkIntervalMs: 60_000, packageIntervalMs: 3_600_000 },
  ...{ privilegePassMs: 86_400_000, packageVerifyPassMs: 86_400_000 },
};
const quick = { backoffMinMs: 100, backoffMaxMs: 500, pingMs: 500, bundleTrialMs: 500 };

interface Walk {
  readonly site: TestCollector;
  /** Id of the host that looks at everything. */
  readonly canary: string;
  /** What the command prints, as JSON; throws what it says where it fails. */
  vedette<T>(...args: readonly string[]): Promise<T>;
}

async function openWalk(t: Test): Promise<Walk> {
  const site = await startTestCollector(t);
  let canary = '';
  for (let i = 0; i < agents; i++) {
    const data = tempFolder(t);
    const folder = join(data, 'agent');
    mkdirSync(folder);
    const identity = await site.enrol({ hostname: `host-${i}`, os: 'linux' });
    if (i === 0) canary = identity.hostId;
    saveIdentity(folder, identity);
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ ...quick, ...(i > 0 && still) }));
    await runAgent(t, data);
  }
  return {
    site,
    canary,
    async vedette<T>(...args: readonly string[]): Promise<T> {
      const env = { ...process.env, NODE_OPTIONS: '', NODE_V8_COVERAGE: undefined, VEDETTE_DATA: undefined };
      const stdio = ['ignore', 'pipe', 'pipe'] as const;
      const child = spawn(process.execPath, [launcher, ...args, '--json'], {
        cwd: top,
        env,
        stdio: [...stdio],
      });
      let [stdout, stderr] = ['', ''];
      child.stdout?.on('data', (part: Buffer) => {
        stdout += part.toString();
      });
      child.stderr?.on('data', (part: Buffer) => {
        stderr += part.toString();
      });
      await once(child, 'close');
      if (stdout === '') throw new Error(`vedette ${args.join(' ')}: ${stderr}`);
      return JSON.parse(stdout) as T;
    },
  };
}

async function untilOver({ site }: Walk, id: string): Promise<RolloutJson> {
  for (;;) {
    const { rollout } = await site.client.get<{ rollout: RolloutJson }>(`/rules/rollouts/${id}`);
    if (rollout.state === 'done' || rollout.state === 'rolled-back' || rollout.state === 'halted')
      return rollout;
    await sleep(50);
  }
}

const hostsIn = async ({ site }: Walk) =>
  (await site.client.get<{ items: HostRulesJson[] }>('/rules/hosts')).items;

/** Commands with a word in them, all the time until it is told to stop. */
function busyHost(word: string): () => Promise<void> {
  let isOver = false;
  const ended = (async () => {
    // Each different: the same text is matched once.
    for (let n = 0; !isOver; n++) {
      const child = spawn('/bin/sh', ['-c', `: ${n} ${word}`], { stdio: 'ignore' });
      await once(child, 'exit');
      await sleep(2);
    }
  })();
  return async () => {
    isOver = true;
    await ended;
  };
}

const skip = !linux ? 'needs root on Linux' : !existsSync(archive) && 'the public rules are not here';

t.test(
  'public rules go from an archive to twenty agents; what is bad stops at the canary',
  { skip },
  async (t) => {
    const walk = await openWalk(t);
    const { vedette, site } = walk;
    const at = ['--data', site.folder];
    const rules = join(tempFolder(t), 'rules');
    await vedette('rules', 'import', archive, '-o', rules, '--product', 'linux', '--level', 'high');
    const own = join(rules, 'own.yml');
    writeFileSync(own, ruleOf('walk-act', 'c1000000-0000-4000-8000-000000000001'));
    writeFileSync(
      own.replace('.yml', '.test.yml'),
      'cases:\n' +
        '  - { name: it, expect: hit, events: [{ type: process.start, CommandLine: sh walk-act }] }\n' +
        '  - { name: nearly, expect: miss, events: [{ type: process.start, CommandLine: sh walk-acts }] }\n'.replace(
          'walk-acts',
          'walk-axt',
        ),
    );
    const tested = await vedette<Record<string, unknown>>('rules', 'test', own);
    t.ok(JSON.stringify(tested).includes('nearly'), 'its cases were run');
    const backtest = await vedette<Record<string, unknown>>(
      'rules',
      'backtest',
      rules,
      '--since',
      '1d',
      ...at,
    );
    t.ok(backtest, 'a backtest over what the agents sent so far');

    type Pushed = { bundle: { digest: string; version: number }; rollout: RolloutJson };
    const push = (folder: string, soak: string, ...stages: readonly string[]) =>
      vedette<Pushed>(
        'rules',
        'push',
        folder,
        '--force-untested',
        '--stages',
        ...stages,
        '--soak',
        soak,
        ...at,
      );
    const first = await push(rules, '0s', '5%', '25%', 'everyone');
    const done = await untilOver(walk, first.rollout.id);
    t.match(done, { state: 'done', hosts: agents }, done.reason);
    const runsIt = ({ digest, version }: HostRulesJson) => digest === first.bundle.digest && version === 1;
    // The gate lets a tenth of them be late.
    while (!(await hostsIn(walk)).every(runsIt)) await sleep(20);
    const seconds = (Date.now() - Date.parse(done.startedAt)) / 1000;
    t.comment(`from push to the last acknowledgement over three stages: ${seconds} s (agents: ${agents})`);

    const isUntouched = async () =>
      (await hostsIn(walk)).every(({ digest }) => digest === first.bundle.digest) &&
      (await site.client.get<{ inForce: { digest: string } }>('/rules/bundles')).inForce.digest ===
        first.bundle.digest;
    const stopped = async (name: string, folder: string, reason: RegExp, busy = 'walk-quiet') => {
      const rest = busyHost(busy);
      try {
        const { rollout } = await push(folder, '30s', walk.canary, 'everyone');
        const over = await untilOver(walk, rollout.id);
        t.match(over, { state: 'rolled-back', stage: 0, reason }, `${name}: ${over.reason}`);
        while (!(await isUntouched())) await sleep(50);
        t.pass('and every host runs what it ran');
      } finally {
        await rest();
      }
    };

    const folder = (files: Readonly<Record<string, string>>) => {
      const made = tempFolder(t);
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(join(made, path, '..'), { recursive: true });
        writeFileSync(join(made, path), text);
      }
      return made;
    };
    const ruleId = (n: number) => `c2000000-0000-4000-8000-${String(n).padStart(12, '0')}`;
    await stopped(
      'a rule that floods',
      folder({ 'rules/flood.yml': ruleOf('walk-', ruleId(1)) }),
      /alerts an hour, the gate is 60/,
      'walk-flood',
    );
    await stopped(
      'a bundle that fails on the host',
      folder({
        'rules/fine.yml': ruleOf('walk-never', ruleId(2)),
        'settings/sensors.json': JSON.stringify({ processIntervalMs: 'often' }),
      }),
      /refused it: bundle\.settings_refused/,
    );
  },
);
