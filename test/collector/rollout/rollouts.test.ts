/** Rollouts over a real control store, real bundles and keys; hosts do as they are told, or as a test has them do. */
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { buildBundle, encodeBundle, openBundle, type Trust, trustIn } from '#shared/bundle/index.ts';
import { ok, VedetteError } from '#shared/errors.ts';
import { noReport, type RuleReport } from '#shared/protocol/host-rules.ts';
import { Bundles } from '../../../collector/bundles/bundles.ts';
import { checkSource } from '../../../collector/bundles/check.ts';
import { openOnlineKeys } from '../../../collector/bundles/online-keys.ts';
import { DesiredBundles } from '../../../collector/fleet/bundles/desired-bundles.ts';
import { type Rollout, type RolloutPlan, usualGates } from '../../../collector/rollout/contract.ts';
import { Rollouts } from '../../../collector/rollout/rollouts.ts';
import { hostsOf, parseStages } from '../../../collector/rollout/stages.ts';
import type { ControlStore, HostBundle } from '../../../collector/store/contract.ts';
import { openControlStore } from '../../../collector/store/control/open.ts';
import { userRule, userTest } from '../../rule-folder.ts';
import { tempFolder } from '../../temp.ts';
import { editingOver } from '../bundles/editing.ts';

const hour = 3_600_000;

/** An agent as far as bundles go: it verifies, keeps its trust, takes or refuses, and reports. */
class FleetHost {
  readonly id: string;
  trust: Trust;
  runs = { version: 0, digest: '' };
  wanted: HostBundle['wanted'] = null;
  code = '';
  detail = '';
  /** When it last spoke; undefined when it speaks all the time. */
  toldAt: number | undefined;
  /** What running the newest bundle comes to. */
  report: Partial<RuleReport> = {};
  constructor(id: string, trust: Trust) {
    this.id = id;
    this.trust = trust;
  }

  take(bytes: Uint8Array, offered: { version: number; digest: string }): void {
    this.wanted = offered;
    if (this.runs.digest === offered.digest) return;
    try {
      const opened = openBundle(bytes, this.trust, Date.now() * 1000);
      this.trust = opened.trust;
      this.runs = { version: opened.version, digest: opened.digest };
      this.code = '';
    } catch (error) {
      this.code = (error as { code: string }).code;
      this.detail = (error as { detail: string }).detail;
    }
  }

  get said(): HostBundle {
    const isNewest = this.runs.version > 1;
    const report = { ...noReport, forMs: hour, cpuMs: 100, rssBytes: 80 << 20, ...(isNewest && this.report) };
    return {
      ...{ hostId: this.id, wanted: this.wanted, status: 'in-force', ...this.runs, expiresAt: 0 },
      ...{ code: this.code, detail: this.detail, since: 0, toldAt: this.toldAt ?? Date.now() * 1000, report },
    };
  }
}

async function openSite(t: Test, count: number, lookMs = 10) {
  const folder = tempFolder(t);
  const control = await openControlStore(`${folder}/control.db`, { durable: false });
  t.teardown(() => control.close());
  const bundles = await Bundles.open({
    ...editingOver(t, control.bundles),
    store: control.bundles,
    keys: await openOnlineKeys(tempFolder(t)),
    check: checkSource,
    switchTo: async ({ content, trust, isRollback: _, ...made }) => {
      const bundle = { ...made, at: Date.now() * 1000, cursor: 0 };
      const entry = { at: bundle.at, actor: made.by, action: 'bundle.activate', target: '', detail: {} };
      await control.bundles.activate({ ...bundle, content, trust, snapshot: null }, entry);
      desired.setForEveryone({ version: made.version, digest: made.digest, bytes: content });
      return ok({ bundle, rules: [], problems: [] });
    },
    ...{ statementLifeMs: 604_800_000, now: () => Date.now() * 1000 },
  });
  const desired = new DesiredBundles();
  const root = trustIn(
    (await import('#shared/bundle/index.ts')).decodeDocument((await bundles.root()).document, 'the root'),
  );
  const hosts = Array.from({ length: count }, (_, i) => new FleetHost(`${i}`.padStart(16, '0'), root));
  for (const [i, { id }] of hosts.entries()) {
    await control.hosts.add(id, { hostname: `web-${i}`, os: 'linux' }, 1);
    await control.hosts.seen(id, 1, true);
  }
  const offer = () => {
    for (const host of hosts) {
      const bundle = desired.of(host.id);
      if (bundle !== undefined) host.take(bundle.bytes, bundle);
    }
  };
  desired.onChange(offer);
  const build = async (id: string) => {
    const files = new Map([
      [`rules/${id}.yml`, Buffer.from(userRule(id, id))],
      [`rules/${id}.test.yml`, Buffer.from(userTest(`${id}-x`, 'other'))],
    ]);
    const facts = { name: 'x', version: 1, expiresAt: 0, minAgentVersion: '0.1.0', untested: [], tests: [] };
    const source = encodeBundle(buildBundle(files, facts));
    const order = { name: 'x', minAgentVersion: '0.1.0', expiresAt: Date.now() * 1000 + 1e12 };
    return (await bundles.build(source, { ...order, isForced: false, by: 'ann' })).bundle;
  };
  const open = async () => {
    const rollouts = await Rollouts.open({
      ...{ store: control.rollouts, bundles, desired, hosts: control.hosts, lookMs },
      said: async () => hosts.map(({ said }) => said),
      usual: { stages: [], soakS: 0, needsApproval: false },
      ...{ changed: () => undefined, now: () => Date.now() * 1000 },
      onError: (error) => t.comment(String(error)),
    });
    t.teardown(() => rollouts.close());
    return rollouts;
  };
  return { control, bundles, desired, hosts, build, open, rollouts: await open(), offer };
}

const planOf = (over: Partial<RolloutPlan> = {}): RolloutPlan => ({
  stages: parseStages(['web-0', '50%', 'everyone']),
  ...{ soakS: 0, gates: usualGates, expectedAlertsPerHour: null, needsApproval: false },
  ...over,
});

async function until(rollouts: Rollouts, id: string, state: Rollout['state']): Promise<Rollout> {
  for (;;) {
    const { rollout } = await rollouts.get(id);
    if (rollout.state === state) return rollout;
    await sleep(10);
  }
}

async function untilStage(rollouts: Rollouts, id: string, stage: number): Promise<Rollout> {
  for (;;) {
    const { rollout } = await rollouts.get(id);
    if (rollout.stage === stage && rollout.ackedAt !== null) return rollout;
    await sleep(10);
  }
}

const actions = async ({ audit }: ControlStore) =>
  (await audit.list({}, 100)).items.map(({ action }) => action).reverse();

t.test('what hosts say is looked at when it is there, however seldom it is looked at besides', async (t) => {
  const { rollouts, build } = await openSite(t, 4, 2 ** 30);
  const { version } = await build('a');
  const { id } = await rollouts.start({ version, plan: planOf(), by: 'ann' });
  t.equal((await rollouts.get(id)).rollout.stage, 0);
  rollouts.look();
  // Asked while it looks: the second stage is taken at once as well, and it looks for a third time.
  rollouts.look();
  for (const stage of [1, 2]) {
    while ((await rollouts.get(id)).rollout.stage < stage) await sleep(10);
    rollouts.look();
  }
  await until(rollouts, id, 'done');
});

t.test('stages as people write them', async (t) => {
  t.same(parseStages([' web-1 + db-* ', '5%', '25.5%', 'ALL']), [
    { name: 'web-1 + db-*', hosts: ['web-1', 'db-*'], percent: 0 },
    { name: '5%', hosts: [], percent: 5 },
    { name: '25.5%', hosts: [], percent: 25.5 },
    { name: 'everyone', hosts: [], percent: 100 },
  ]);
  for (const bad of [
    [],
    ['5%'],
    ['10%', '5%', 'all'],
    ['0%', 'all'],
    ['101%', 'all'],
    ['', 'all'],
    ['a++b', 'all'],
    ['x%', 'all'],
  ])
    t.throws(() => parseStages(bad), { code: 'rollout.plan' }, JSON.stringify(bad));
});

t.test(
  'a share is always the same hosts for a bundle, others for the next, and holds those before',
  async (t) => {
    const hosts = Array.from({ length: 200 }, (_, i) => ({ id: `h${i}`, hostname: `web-${i}` }));
    const stages = parseStages(['web-7', '5%', '25%', 'everyone']);
    const at = (n: number, digest: string) => hostsOf(stages.slice(0, n), hosts, digest);
    t.same(at(1, 'a'), ['h7']);
    t.same(at(2, 'a'), at(2, 'a'));
    t.ok(at(2, 'a').length >= 10 && at(2, 'a').length <= 11);
    t.ok(at(2, 'a').every((id) => at(3, 'a').includes(id)));
    t.not(at(2, 'a').join(), at(2, 'b').join());
    t.equal(at(4, 'a').length, 200);
    t.equal(hostsOf(parseStages(['WEB-1*', 'all']).slice(0, 1), hosts, 'a').length, 111);
  },
);

t.test('every stage in turn, then everyone; hosts that are away do not hold it up', async (t) => {
  const site = await openSite(t, 10);
  const { bundles, rollouts, hosts, control } = site;
  await bundles.activate({
    version: (await site.build('a')).version,
    by: 'ann',
    reason: '',
    isRollback: false,
  });
  t.ok(hosts.every(({ runs }) => runs.version === 1));
  await control.hosts.seen(hosts[9]!.id, 1, false);
  const { version } = await site.build('b');
  const { id } = await rollouts.start({ version, plan: planOf({ soakS: 1 }), by: 'ann' });
  await untilStage(rollouts, id, 0);
  t.same(
    hosts.filter(({ runs }) => runs.version === 2).map((host) => host.id),
    [hosts[0]!.id],
    'the canary only',
  );
  t.equal((await bundles.list()).inForce?.version, 1, 'and central detection waits');
  await t.rejects(rollouts.start({ version, plan: planOf(), by: 'ann' }), { code: 'rollout.busy' });
  await t.rejects(rollouts.demandDirect(), { code: 'rollout.busy' });
  await untilStage(rollouts, id, 1);
  t.ok(hosts.filter(({ runs }) => runs.version === 2).length <= 6);
  await until(rollouts, id, 'done');
  t.ok(hosts.every(({ runs }) => runs.version === 2));
  t.equal((await bundles.list()).inForce?.version, 2);
  t.same(
    (await actions(control)).filter((action) => action.startsWith('rollout.')),
    ['rollout.start', ...Array(3).fill(['rollout.stage', 'rollout.acknowledged']).flat(), 'rollout.done'],
  );
});

t.test('a stage that names nobody is refused, rather than passed', async (t) => {
  const { rollouts, build, control } = await openSite(t, 3);
  const { version } = await build('a');
  const plan = planOf({ stages: parseStages(['web-0', 'cnary-*', 'everyone']) });
  await t.rejects(rollouts.start({ version, plan, by: 'ann' }), { code: 'rollout.plan', detail: /cnary-\*/ });
  t.same(await control.rollouts.list(), []);
});

t.test('a crash before its first stage had begun does not let it past its canary', async (t) => {
  const site = await openSite(t, 4);
  const { bundles, build, hosts, control } = site;
  await bundles.activate({ version: (await build('a')).version, by: 'ann', reason: '', isRollback: false });
  const { version } = await build('b');
  const plan = planOf({ soakS: 600 });
  const { id } = await site.rollouts.start({ version, plan, by: 'ann' });
  await site.rollouts.close();
  // As it was kept a moment before.
  const { rollout } = await site.rollouts.get(id);
  await control.rollouts.put({ ...rollout, hosts: [], ackedAt: null });
  site.desired.setFor(
    hosts.map((host) => host.id),
    undefined,
  );
  const again = await site.open();
  t.match(await untilStage(again, id, 0), { hosts: [hosts[0]!.id] });
  t.equal(site.desired.of(hosts[0]!.id)?.version, version);
  t.equal(site.desired.of(hosts[1]!.id)?.version, 1);
});

t.test('one that halted goes on with what it could not do', async (t) => {
  const { bundles, build, hosts, rollouts, control } = await openSite(t, 2);
  await bundles.activate({ version: (await build('a')).version, by: 'ann', reason: '', isRollback: false });
  const { version } = await build('b');
  const plan = planOf({ stages: parseStages(['everyone']), soakS: 600 });
  const { activate } = bundles;
  bundles.activate = () => Promise.reject(new VedetteError('data.unreadable', 'no room'));
  await t.rejects(rollouts.start({ version, plan, by: 'ann' }), { code: 'data.unreadable' });
  bundles.activate = activate;
  const [halted] = await control.rollouts.list();
  t.match(halted, { state: 'halted', reason: /no room/ });
  await rollouts.resume(halted!.id, 'ann');
  await untilStage(rollouts, halted!.id, 0);
  t.ok(hosts.every(({ runs }) => runs.version === version));
  t.equal((await bundles.list()).inForce?.version, version);
});

t.test('each gate stops it at the canary, which goes back; nobody else is touched', async (t) => {
  const cases: readonly [string, Partial<RuleReport>, RegExp][] = [
    ['floods', { alerts: 500 }, /500 alerts an hour, the gate is 60/],
    ['fails', { faults: 1 }, /1 rules failed, the gate is 0/],
    ['eats processor', { cpuMs: hour / 2 }, /takes 50 % of a core, the gate is 25 %/],
    ['eats memory', { rssBytes: 300 << 20 }, /takes 300 MiB, the gate is 256 MiB/],
  ];
  for (const [name, report, reason] of cases) {
    const { bundles, rollouts, hosts, build } = await openSite(t, 6);
    await bundles.activate({ version: (await build('a')).version, by: 'ann', reason: '', isRollback: false });
    const { version } = await build('b');
    for (const host of hosts) host.report = report;
    const { id } = await rollouts.start({ version, plan: planOf(), by: 'ann' });
    const rollout = await until(rollouts, id, 'rolled-back');
    t.match(rollout.reason, reason, name);
    t.equal(rollout.stage, 0, 'at its first stage');
    t.ok(
      hosts.every(({ runs, code }) => runs.version === 1 && code === ''),
      'all run what they ran',
    );
    t.equal((await bundles.list()).inForce?.version, 1);
  }
});

t.test('a refusal, and hosts that do not answer', async (t) => {
  const { bundles, rollouts, hosts, build } = await openSite(t, 4);
  await bundles.activate({ version: (await build('a')).version, by: 'ann', reason: '', isRollback: false });
  const canary = hosts[0]!;
  const take = canary.take.bind(canary);
  canary.take = (_, offered) => {
    canary.wanted = offered;
    if (offered.version === 1) return;
    canary.code = 'bundle.too_costly';
    canary.detail = 'too slow';
  };
  const first = await rollouts.start({ version: (await build('b')).version, plan: planOf(), by: 'ann' });
  t.match(
    (await until(rollouts, first.id, 'rolled-back')).reason,
    'web-0 refused it: bundle.too_costly: too slow',
  );

  canary.code = '';
  canary.take = (_, offered) => {
    canary.wanted = offered;
  };
  const gates = { ...usualGates, ackS: 1 };
  const second = await rollouts.start({
    version: (await build('c')).version,
    plan: planOf({ gates }),
    by: 'ann',
  });
  t.match(
    (await until(rollouts, second.id, 'rolled-back')).reason,
    /1 connected hosts do not run it after 1 s, web-0/,
  );
  canary.take = take;
});

t.test('a host that its rules keep too busy to speak is not let pass', async (t) => {
  const { bundles, rollouts, hosts, build } = await openSite(t, 4);
  await bundles.activate({ version: (await build('a')).version, by: 'ann', reason: '', isRollback: false });
  const gates = { ...usualGates, ackS: 1 };
  const begin = async (name: string) =>
    rollouts.start({ version: (await build(name)).version, plan: planOf({ gates, soakS: 1 }), by: 'ann' });
  hosts[0]!.toldAt = Date.now() * 1000;
  const busy = await begin('b');
  t.match(
    await until(rollouts, busy.id, 'rolled-back'),
    { stage: 0, reason: /web-0 is connected and has said nothing for \d s/ },
    'it took the bundle and was silent ever after',
  );
  const late = await begin('c');
  await untilStage(rollouts, late.id, 0);
  await sleep(1500);
  t.match((await rollouts.get(late.id)).rollout, { stage: 0, state: 'running' }, 'it is waited for');
  hosts[0]!.toldAt = undefined;
  await until(rollouts, late.id, 'done');
});

t.test('what is usual or was expected moves the gate on alerts', async (t) => {
  const { rollouts, hosts, build, bundles } = await openSite(t, 4);
  await bundles.activate({ version: (await build('a')).version, by: 'ann', reason: '', isRollback: false });
  for (const host of hosts) host.report = { alerts: 150 };
  const expected = planOf({ expectedAlertsPerHour: 60 });
  const { id } = await rollouts.start({ version: (await build('b')).version, plan: expected, by: 'ann' });
  await until(rollouts, id, 'done');
  t.pass('150 an hour are within three times sixty');
});

t.test(
  'in its last stage it takes central detection back with it, and the starter pack where nothing was before',
  async (t) => {
    for (const hasBefore of [true, false]) {
      const { bundles, rollouts, hosts, build } = await openSite(t, 4);
      if (hasBefore)
        await bundles.activate({
          version: (await build('a')).version,
          by: 'ann',
          reason: '',
          isRollback: false,
        });
      const { version } = await build('b');
      const { id } = await rollouts.start({
        version,
        plan: planOf({ soakS: 600, stages: parseStages(['all']) }),
        by: 'ann',
      });
      await untilStage(rollouts, id, 0);
      t.equal((await bundles.list()).inForce?.version, version);
      await rollouts.rollBack(id, 'bob', 'it looks wrong');
      const now = (await bundles.list()).inForce;
      t.not(now?.version, version);
      t.ok(hosts.every(({ runs, code }) => runs.digest === now?.digest && code === ''));
    }
  },
);

t.test(
  'a canary where no bundle was in force goes back to the starter pack, also after a restart',
  async (t) => {
    const site = await openSite(t, 3);
    const { version } = await site.build('a');
    const { id } = await site.rollouts.start({ version, plan: planOf({ soakS: 600 }), by: 'ann' });
    await untilStage(site.rollouts, id, 0);
    const back = await site.rollouts.rollBack(id, 'bob', 'no');
    t.equal(site.hosts[0]?.runs.version, back.backTo);
    t.equal(site.hosts[1]?.runs.version, 0);
    t.equal((await site.bundles.list()).inForce, null);
    site.desired.setFor([site.hosts[0]!.id], undefined);
    await site.rollouts.close();
    await site.open();
    t.equal(site.desired.of(site.hosts[0]!.id)?.version, back.backTo);
    t.equal(site.desired.of(site.hosts[1]!.id), undefined);
  },
);

t.test('pause, resume, approval by somebody else, and a restart in the middle', async (t) => {
  const site = await openSite(t, 4);
  const { bundles, build, hosts } = site;
  await bundles.activate({ version: (await build('a')).version, by: 'ann', reason: '', isRollback: false });
  const plan = planOf({ needsApproval: true, soakS: 1 });
  const { id } = await site.rollouts.start({ version: (await build('b')).version, plan, by: 'ann' });
  t.ok(
    hosts.every(({ runs }) => runs.version === 1),
    'it waits',
  );
  await t.rejects(site.rollouts.approve(id, 'ann'), { code: 'rollout.own_approval' });
  await t.rejects(site.rollouts.pause(id, 'ann'), { code: 'rollout.state' });
  t.match(await site.rollouts.approve(id, 'bob'), { state: 'running', approvedBy: 'bob' });
  await site.rollouts.pause(id, 'ann');
  await sleep(1200);
  t.match((await site.rollouts.get(id)).rollout, { state: 'paused', stage: 0 });

  site.desired.setFor(
    hosts.map((host) => host.id),
    undefined,
  );
  await site.rollouts.close();
  const again = await site.open();
  t.equal(site.desired.of(hosts[0]!.id)?.version, 2, 'its hosts are to run it still');
  await again.resume(id, 'ann');
  t.match(await until(again, id, 'done'), { stage: 2 });
  await t.rejects(again.resume(id, 'ann'), { code: 'rollout.state' });
  await t.rejects(again.get('none'), { code: 'api.not_found' });
});
