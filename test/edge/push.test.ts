/** From `vedette rules push` to the hosts and back: what operators see of it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { HostRulesJson } from '../../collector/api/json/host-rules.ts';
import { tempFolder } from '../temp.ts';
import { launcher, type Run, top } from '../vedette.ts';
import { act, alertsIn, offerOf, openScene, ruleOf, runAgent, until } from './edge-scene.ts';

const ruleId = 'a4000000-0000-4000-8000-000000000001';
const word = 'edge-push-act';

/** The command line, while the collector goes on in this process. */
async function vedette(...args: readonly string[]): Promise<Run> {
  const env = { ...process.env, NODE_OPTIONS: '', NODE_V8_COVERAGE: undefined, VEDETTE_DATA: undefined };
  const child = spawn(process.execPath, [launcher, ...args], {
    cwd: top,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const out = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].on('data', (part: Buffer) => {
      out[name] += part.toString();
    });
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, ...out };
}

async function vedetteJson<T>(...args: readonly string[]): Promise<T> {
  const { stdout, stderr } = await vedette(...args, '--json');
  if (stdout === '') throw new Error(`vedette ${args.join(' ')}: ${stderr}`);
  return JSON.parse(stdout) as T;
}

interface Pushed {
  readonly bundle: { readonly version: number; readonly digest: string };
}

t.test('a push reaches hosts, a rollback too; refusals reach the operator', async (t) => {
  const scene = await openScene(t, {}, {}, 'later');
  const { site, hostId } = scene;
  const at = ['--data', site.folder];
  const status = async () => (await vedetteJson<HostRulesJson[]>('rules', 'status', ...at))[0]!;
  t.match(await vedette('rules', 'status', ...at), { status: 0, stdout: /edge .*unknown/ });
  const agent = await runAgent(t, scene.data);
  await until(async () => (await status()).status === 'none', 'it says that it has none');

  const folder = tempFolder(t);
  mkdirSync(join(folder, 'rules'));
  const path = join(folder, 'rules', 'word.yml');
  const push = async () =>
    (await vedetteJson<Pushed>('rules', 'push', folder, '--force-untested', '--no-starter-pack', ...at))
      .bundle;
  writeFileSync(path, ruleOf(word, ruleId));
  const began = performance.now();
  const first = await push();
  await until(async () => (await status()).digest === first.digest, 'the first bundle');
  t.comment(`${(performance.now() - began).toFixed(0)} ms from push to acknowledgement`);
  t.match(await status(), {
    status: 'in-force',
    version: first.version,
    code: '',
    wanted: { digest: first.digest },
  });
  t.match(await vedette('rules', 'status', ...at), { status: 0, stdout: /1 .*in-force/ });
  t.match(await vedette('hosts', 'show', hostId, ...at), { status: 0, stdout: /rules: in-force bundle 1/ });
  t.match(await vedetteJson('hosts', 'show', hostId, ...at), { id: hostId, rules: { version: 1 } });
  const agentStatus = ['agent', 'status', '--data', scene.data];
  t.match(await vedette(...agentStatus), { status: 0, stdout: /rules +in-force bundle 1/ });
  t.match(await vedetteJson(...agentStatus), { rules: { status: 'in-force', version: 1, code: '' } });
  await act(word);
  await until(
    () => alertsIn(site.folder, ruleId).some((a) => a.edge_count === 1 && a.central_count === 1),
    'both',
  );
  t.match(alertsIn(site.folder, ruleId), [{ count: 1 }]);

  writeFileSync(path, ruleOf('another-word', ruleId));
  const second = await push();
  await until(async () => (await status()).digest === second.digest, 'the second bundle');
  t.match(await vedette('rules', 'rollback', ...at), { status: 0 });
  await until(async () => (await status()).digest === first.digest, 'back to the first');
  t.match(await status(), { code: '', version: first.version });

  const forged = offerOf({ 'rules/word.yml': ruleOf(word, ruleId) }, 99);
  site.collector.desiredBundles.setFor([hostId], forged);
  await until(async () => (await status()).code === 'bundle.root_unknown', 'a refusal');
  t.match(await status(), { status: 'in-force', digest: first.digest, wanted: { version: 99 } });
  t.match(await vedette('rules', 'status', ...at), { status: 1, stdout: /bundle\.root_unknown/ });
  t.match(await vedette('hosts', 'show', hostId, ...at), { status: 0, stdout: /bundle\.root_unknown/ });
  const alert = await until(() => alertsIn(site.folder, 'vedette-bundle-tampering')[0], 'an alert');
  t.equal(alert.count, 1);
  const { items } = await site.client.get<{ items: { action: string; detail: object }[] }>('/audit');
  t.match(
    items.find(({ action }) => action === 'bundle.refuse'),
    { detail: { code: 'bundle.root_unknown' } },
  );
  site.collector.desiredBundles.setFor([hostId], undefined);
  t.match(await vedette('hosts', 'show', 'nobody', ...at), { status: 1, stderr: /api\.not_found/ });
  t.match(await vedette('rules', 'status', '--help'), { status: 0, stdout: /Exits 1/ });
  await agent.kill('SIGTERM');
});
