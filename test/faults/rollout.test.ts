/**
 * A rule admin's walk with agents as processes of their own: public rules imported, tested, backtested, signed and pushed
 * in stages; then bundles that flood or are refused, stopped at the canary.
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

/** `VEDETTE_AGENTS=20` for the figure that is told of twenty. */
const agents = Number(process.env['VEDETTE_AGENTS'] ?? 6);
const archive = join(top, '../shared/sigma/sigmahq.tar.gz');
const linux = process.platform === 'linux' && process.getuid?.() === 0;

/** Several agents on one machine: all but the canary look at little, and seldom. */
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

/** Letters that an expression which counts them can not see the end of. */
const ab = (count: number) => Array.from({ length: count }, () => (Math.random() < 0.5 ? 'a' : 'b')).join('');

/** Commands with words in them, all the time until it is told to stop. */
function busyHost(words: () => string): () => Promise<void> {
  let isOver = false;
  const ended = (async () => {
    // Each different: the same text is matched once.
    for (let n = 0; !isOver; n++) {
      const child = spawn('/bin/sh', ['-c', `: ${n} ${words()}`], { stdio: 'ignore' });
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
  'public rules go from an archive to all agents; what is bad stops at the canary',
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
    const push = (folder: string, soak: string, stages: readonly string[], ...more: readonly string[]) =>
      vedette<Pushed>(
        'rules',
        'push',
        folder,
        '--force-untested',
        '--stages',
        ...stages,
        '--soak',
        soak,
        ...more,
        ...at,
      );
    // Rules may see what is done on this machine besides.
    const loud = ['--expect-alerts', '100000'];
    const first = await push(rules, '0s', ['20%', '50%', 'everyone'], ...loud);
    const done = await untilOver(walk, first.rollout.id);
    t.match(done, { state: 'done', hosts: agents }, done.reason);
    if (done.state !== 'done') return;
    const runsIt = ({ digest, version }: HostRulesJson) => digest === first.bundle.digest && version === 1;
    // The gate lets a tenth of them be late.
    while (!(await hostsIn(walk)).every(runsIt)) await sleep(20);
    const seconds = (Date.now() - Date.parse(done.startedAt)) / 1000;
    t.comment(`from push to the last acknowledgement over three stages: ${seconds} s (agents: ${agents})`);

    const { report } = (await hostsIn(walk)).find(({ hostId }) => hostId === walk.canary)!;
    t.comment(`the canary runs ${report.rules} rules in ${Math.round(report.rssBytes / 1024 ** 2)} MiB`);

    const isUntouched = async () =>
      (await hostsIn(walk)).every(({ digest }) => digest === first.bundle.digest) &&
      (await site.client.get<{ inForce: { digest: string } }>('/rules/bundles')).inForce.digest ===
        first.bundle.digest;
    const quiet = () => 'walk-quiet';
    /** `before` and `after` the canary has taken it: what the host is busy with. */
    const stopped = async (
      name: string,
      folder: string,
      reason: RegExp,
      before: () => string = quiet,
      after = before,
      ...more: readonly string[]
    ) => {
      let words = before;
      const rest = busyHost(() => words());
      try {
        const { rollout } = await push(folder, '30s', [walk.canary, 'everyone'], ...more);
        const canary = async () => (await hostsIn(walk)).find(({ hostId }) => hostId === walk.canary);
        if (after !== before) {
          while ((await canary())?.digest !== rollout.digest) await sleep(20);
          words = after;
        }
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
      () => 'walk-flood',
    );
    const greedy = (of: number, from: number) =>
      folder(
        Object.fromEntries(
          Array.from({ length: of }, (_, n) => [
            `rules/greedy-${n}.yml`,
            ruleOf('', ruleId(from + n)).replace(
              "CommandLine|contains: ''",
              `CommandLine|re: 'walk-greedy [ab]*a[ab]{${900 - n}}c'`,
            ),
          ]),
        ),
      );
    // Now and then is enough: more of them would eat processor time as well.
    let said = 0;
    const seldom = () => (said++ % 20 === 0 ? `walk-greedy ${ab(25_000)} c` : quiet());
    await stopped(
      'a rule that fails',
      greedy(1, 30),
      /\d+ rules failed, the gate is 0/,
      quiet,
      seldom,
      ...loud,
    );
    const wordy = () => `walk-greedy ${ab(3000)} c`;
    await stopped(
      'rules that eat processor time at once',
      greedy(8, 10),
      /refused it: bundle\.too_costly/,
      wordy,
    );
    await stopped(
      'rules that eat processor time once they are in force',
      greedy(9, 20),
      /rules failed, the gate is 0|the agent takes \d+ (% of a core|MiB), the gate is/,
      quiet,
      wordy,
      ...loud,
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
