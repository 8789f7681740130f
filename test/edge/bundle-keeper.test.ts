/** How rules come into force on a host: tried, switched to without forgetting, told. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { trustIn } from '#shared/bundle/index.ts';
import { nowUs } from '#shared/clock.ts';
import type { AnyEvent } from '#shared/events/registry.gen.ts';
import { encodeBatch } from '#shared/protocol/codec/encode.ts';
import { decodeReport } from '#shared/protocol/host-rules.ts';
import { documentsFromFiles } from '#shared/rules/from-files.ts';
import { preparedPath } from '#shared/rules/prepared/form.ts';
import { prepareRules } from '#shared/rules/prepared/prepare.ts';
import type { EventRow } from '#shared/schema/columns.ts';
import { type BundleEvent, BundleKeeper, type BundleKeeperOptions } from '../../agent/bundle/keeper.ts';
import type { SensorOverrides } from '../../agent/bundle/sensor-overrides.ts';
import { BundleStore } from '../../agent/bundle/store.ts';
import { EdgeRules, maxAlertsPerMinute } from '../../agent/edge/edge-rules.ts';
import type { OfferedBundle } from '../../collector/bundles/contract.ts';
import { role, root1, rootOfKeys, signedRoot } from '../shared/bundle/scene.ts';
import { tempFolder } from '../temp.ts';
import { countOf, offerOf, ruleOf, until } from './edge-scene.ts';
import { partsOf, type RulesFrame } from './hostile-collector.ts';

const host = '00000000000000aa';
const base = 'a3000000-0000-4000-8000-000000000001';
const many = 'a3000000-0000-4000-8000-000000000002';
const texts = {
  'rules/base.yml': ruleOf('counted', base, 'name: counted\n'),
  'rules/many.yml': countOf(many, 3),
};

let sequence = 0;
const start = (line: string) =>
  ({ type: 'process.start', time: nowUs(), 'process.command_line': line }) as unknown as EventRow;

class Keeping {
  readonly edge: EdgeRules;
  readonly keeper: BundleKeeper;
  readonly said: RulesFrame[] = [];
  readonly log: BundleEvent[] = [];
  readonly applied: SensorOverrides[] = [];

  constructor(folder: string, more: Partial<BundleKeeperOptions> = {}) {
    this.edge = new EdgeRules({ hostId: host, hostName: 'here', product: 'linux' }, (error) => {
      throw error;
    });
    this.keeper = new BundleKeeper({
      store: new BundleStore(join(folder, 'bundle'), trustIn(root1)),
      edge: this.edge,
      agentVersion: '0.1.0',
      product: 'linux',
      trialMs: 10,
      maxUsPerEvent: 1e6,
      applySensors: async (overrides) => void this.applied.push(overrides),
      log: (event) => void this.log.push(event),
      ...more,
    });
    this.keeper.connected((frame) => void this.said.push(frame));
  }

  offer(offer: OfferedBundle): void {
    for (const part of partsOf(offer.bytes, { version: offer.version })) this.keeper.receive(part);
  }

  async inForce(offer: OfferedBundle): Promise<void> {
    this.offer(offer);
    await until(() => this.said.at(-1)?.digest === offer.digest, `bundle ${offer.version} is in force`);
  }

  /** What the rules in force say of an event. */
  see(line: string): readonly AnyEvent[] {
    const row = start(line);
    if (!this.edge.matches([row])) return [];
    return this.edge.alertsOf({
      stream: '1'.repeat(16),
      sequence: ++sequence,
      data: encodeBatch([row]).data,
    });
  }
}

async function keeping(t: Test, more: Partial<BundleKeeperOptions> = {}): Promise<Keeping> {
  const one = new Keeping(tempFolder(t), more);
  t.teardown(() => one.keeper.close());
  await one.keeper.open();
  return one;
}

t.test('a switch forgets nothing that unchanged correlations have counted', async (t) => {
  const one = await keeping(t);
  await one.inForce(offerOf(texts, 1));
  t.same([one.see('counted'), one.see('counted')], [[], []]);
  await one.inForce(
    offerOf({ ...texts, 'rules/more.yml': ruleOf('more', 'a3000000-0000-4000-8000-000000000003') }, 2),
  );
  t.match(one.see('more'), [{ type: 'alert', 'rule.name': 'Word more' }], 'what is new is at work');
  t.match(one.see('counted'), [{ 'rule.id': many, 'alert.count': 3 }], 'the third of three');
  await one.inForce(offerOf({ ...texts, 'rules/many.yml': countOf(many, 2) }, 3));
  t.same(one.see('counted'), [], 'one that changed begins anew');
});

/** The texts with what was prepared of others. */
function preparedAs(from: Readonly<Record<string, string>>, over: Readonly<Record<string, string>>) {
  const files = new Map(Object.entries(from).map(([path, text]) => [path, Buffer.from(text)]));
  const { before, lists } = documentsFromFiles(files);
  return { ...over, [preparedPath]: Buffer.from(prepareRules(before.documents, lists)!).toString() };
}

t.test('what was prepared is run, with correlations, and what correlations counted goes on', async (t) => {
  const one = await keeping(t);
  await one.inForce(offerOf(texts, 1));
  t.same([one.see('counted'), one.see('counted')], [[], []]);
  // Texts that no reader takes show that they are not read.
  const unread = { 'rules/base.yml': 'no rule' };
  await one.inForce(offerOf(preparedAs(texts, unread), 2));
  t.match(one.see('counted'), [{ 'rule.id': many, 'alert.count': 3 }], 'read from texts or prepared');
  t.match(decodeReport(one.keeper.state().report), { rules: 2, faults: 0 });
});

t.test('a host that does not know the form of what was prepared goes by the texts', async (t) => {
  const one = await keeping(t);
  const later = { [preparedPath]: '{"form":999,"documents":[]}' };
  await one.inForce(offerOf({ 'rules/a.yml': ruleOf('word', base), ...later }, 1));
  t.match(one.see('word'), [{ 'rule.id': base }]);
});

t.test('what was prepared badly is refused', async (t) => {
  const one = await keeping(t);
  const first = offerOf(texts, 1);
  await one.inForce(first);
  one.offer(offerOf({ ...texts, [preparedPath]: '{"form":1' }, 2));
  await until(() => one.said.at(-1)?.code === 'bundle.malformed', 'refused');
  const bad = preparedAs({ 'rules/a.yml': ruleOf('a', base).replace('|contains', '|contrains') }, {});
  one.offer(offerOf(bad, 3));
  await until(() => one.said.at(-1)?.code === 'bundle.rules_refused', 'refused');
  t.match(one.said.at(-1), { digest: first.digest, status: 'in-force', offered: 3 });
});

t.test('a trial that sees few events tells rules that take too long by those', async (t) => {
  const one = await keeping(t, { maxUsPerEvent: 100, trialMs: 300 });
  const slow = ruleOf('', base).replace("CommandLine|contains: ''", "CommandLine|re: 'ab[ab]*a[ab]{900}c'");
  one.offer(offerOf({ 'rules/slow.yml': slow }, 1));
  const letters = () => Array.from({ length: 3000 }, () => (Math.random() < 0.5 ? 'a' : 'b')).join('');
  while (one.said.at(-1)?.offered !== 1) {
    one.edge.matches([start(`c ab${letters()}`)]);
    await sleep(50);
  }
  await until(() => one.said.at(-1)?.code === 'bundle.too_costly', 'refused');
});

t.test('rules that take too long are refused, and those before go on', async (t) => {
  const one = await keeping(t, { maxUsPerEvent: 0.01, trialMs: 300 });
  const first = offerOf({ 'rules/a.yml': ruleOf('word', base) }, 1);
  await one.inForce(first);
  one.offer(offerOf(texts, 2));
  while (one.said.at(-1)?.offered !== 2) {
    one.edge.matches(Array.from({ length: 30 }, (_, n) => start(`some command line ${n} ${Math.random()}`)));
    await sleep(5);
  }
  await until(() => one.said.at(-1)?.code === 'bundle.too_costly', 'refused');
  t.match(one.said.at(-1), { digest: first.digest, status: 'in-force', offered: 2 });
  t.match(one.see('word'), [{ 'rule.ruleset': first.digest }]);
  t.same(one.see('counted'), []);
});

t.test('what was in force before is taken up again however busy the host is', async (t) => {
  const one = await keeping(t, { maxUsPerEvent: 0.01, trialMs: 300 });
  const first = offerOf({ 'rules/a.yml': ruleOf('word', base) }, 1);
  await one.inForce(first);
  await one.inForce(offerOf(texts, 2));
  const back = offerOf({ 'rules/a.yml': ruleOf('word', base) }, 1, {
    statement: { version: 20, rollbackFrom: 2 },
  });
  t.equal(back.digest, first.digest);
  one.offer(back);
  while (one.said.at(-1)?.digest !== first.digest) {
    one.edge.matches(Array.from({ length: 30 }, (_, n) => start(`some command line ${n} ${Math.random()}`)));
    t.equal(one.said.at(-1)?.code, '', one.said.at(-1)?.detail ?? '');
    await sleep(5);
  }
});

t.test('rules in a trial raise nothing', async (t) => {
  const one = await keeping(t, { trialMs: 60_000 });
  one.offer(offerOf({ 'rules/a.yml': ruleOf('word', base) }, 1));
  await sleep(200);
  t.same(one.see('word'), []);
  t.equal(one.said.at(-1)?.status, 'none');
});

t.test('enough events end a trial before its time', async (t) => {
  const one = await keeping(t, { trialMs: 600_000 });
  one.offer(offerOf(texts, 1));
  await until(() => {
    one.edge.matches(Array.from({ length: 100 }, () => start('word')));
    return one.said.at(-1)?.version === 1;
  }, 'in force');
  t.pass();
});

t.test('an offer that comes during a trial takes its place', async (t) => {
  const one = await keeping(t, { trialMs: 2000 });
  one.offer(offerOf(texts, 1));
  await sleep(100);
  await one.inForce(offerOf(texts, 2));
  t.notOk(
    one.log.some((event) => event.what === 'rules' && event.version === 1),
    'the first never was in force',
  );
});

t.test('settings of sensors are applied, and known at the next start', async (t) => {
  const folder = tempFolder(t);
  const one = new Keeping(folder);
  await one.keeper.open();
  const settings = { processIntervalMs: 1234 };
  await one.inForce(offerOf({ ...texts, 'settings/sensors.json': JSON.stringify(settings) }, 1));
  await until(() => one.applied.length > 0, 'applied');
  t.same(one.applied, [settings]);
  await one.keeper.close();
  const again = new Keeping(folder);
  t.same(await again.keeper.open(), settings);
  t.match(again.keeper.state(), { status: 'in-force', version: 1 });
  t.match(again.see('counted'), []);
  await again.inForce(offerOf(texts, 2));
  t.same(again.applied, [{}], 'without the file they are the host’s own again');
  await again.keeper.close();
});

t.test('a bundle past its end goes on, and it is said', async (t) => {
  const one = await keeping(t);
  const expiresAt = nowUs() + 1_500_000;
  await one.inForce(
    offerOf({ 'rules/a.yml': ruleOf('word', base) }, 1, { facts: { version: 1, expiresAt } }),
  );
  t.equal(one.keeper.state().status, 'in-force');
  await until(() => one.keeper.state().status === 'expired', 'it expires');
  t.match(one.see('word'), [{ 'rule.id': base }]);
});

t.test('the report counts what rules did since they are in force', async (t) => {
  const one = await keeping(t);
  await one.inForce(offerOf({ 'rules/a.yml': ruleOf('word', base) }, 1));
  one.see('word');
  one.see('other');
  const report = decodeReport(one.keeper.state().report);
  t.match(report, { rules: 1, events: 2, alerts: 1, faults: 0 });
  t.ok((report?.rssBytes ?? 0) > 1e6);
  await one.inForce(offerOf({ 'rules/a.yml': ruleOf('word', base) }, 2));
  t.match(decodeReport(one.keeper.state().report), { events: 0, alerts: 0 });
});

t.test('going back on purpose is taken', async (t) => {
  const one = await keeping(t);
  const old = offerOf({ 'rules/a.yml': ruleOf('word', base) }, 1);
  await one.inForce(old);
  await one.inForce(offerOf(texts, 2));
  await one.inForce(
    offerOf({ 'rules/a.yml': ruleOf('word', base) }, 1, { statement: { version: 30, rollbackFrom: 2 } }),
  );
  t.match(one.keeper.state(), { version: 1, digest: old.digest, code: '' });
});

t.test('the bundle in force offered again with a newer statement needs no switch', async (t) => {
  const one = await keeping(t);
  await one.inForce(offerOf(texts, 1));
  one.see('counted');
  const said = one.said.length;
  one.offer(offerOf(texts, 1, { statement: { version: 50 } }));
  await until(() => one.said.length > said, 'acknowledged');
  t.match(one.said.at(-1), { status: 'in-force', version: 1, code: '' });
  t.equal(one.log.filter(({ what }) => what === 'rules').length, 1, 'switched to once');
  one.offer(offerOf(texts, 1, { statement: { version: 40 } }));
  await until(() => one.said.at(-1)?.code !== '', 'refused');
  t.equal(one.said.at(-1)?.code, 'bundle.statement_older', 'the newer statement is remembered');
});

t.test('a rule that matches everything does not flood: what is beyond the bound is counted', async (t) => {
  const one = await keeping(t);
  await one.inForce(offerOf({ 'rules/a.yml': ruleOf('word', base) }, 1));
  const rows = Array.from({ length: maxAlertsPerMinute + 50 }, (_, n) => ({
    ...start('word'),
    ...{ 'process.entity_id': `p${n}`, 'user.name': `u${n}` },
  })) as unknown as EventRow[];
  t.ok(one.edge.matches(rows));
  const told = one.edge.alertsOf({
    ...{ stream: '1'.repeat(16), sequence: ++sequence, data: encodeBatch(rows).data },
  });
  t.equal(told.length, maxAlertsPerMinute);
  const last = decodeReport(one.said.at(-1)?.report ?? new Uint8Array());
  t.equal(last?.alertsShed, 50, 'the collector is told at once');
  t.match(decodeReport(one.keeper.state().report), { alerts: maxAlertsPerMinute + 50, alertsShed: 50 });
});

t.test('a root that was rotated as it should be is followed, over restarts too', async (t) => {
  const folder = tempFolder(t);
  const one = new Keeping(folder);
  await one.keeper.open();
  await one.inForce(offerOf(texts, 1));
  const second = rootOfKeys(2, {
    root: role(['root1', 'root3'], 2),
    signing: role(['sign4', 'sign5'], 2),
    expiry: role(['expiry2'], 1),
  });
  const roots = [root1, signedRoot(second, ['root1', 'root2', 'root3'])];
  const rotated = { roots, signers: ['sign4', 'sign5'], expiry: ['expiry2'] };
  await one.inForce(offerOf(texts, 2, rotated));
  await one.keeper.close();
  const again = new Keeping(folder);
  t.teardown(() => again.keeper.close());
  await again.keeper.open();
  again.offer(offerOf(texts, 3));
  await until(() => again.said.at(-1)?.code !== '', 'refused');
  t.match(
    again.said.at(-1),
    { code: 'bundle.root_older', version: 2 },
    'keys of before sign nothing any more',
  );
  await again.inForce(offerOf(texts, 3, rotated));
  t.equal(again.keeper.state().version, 3);
});
