/** Bundles on their way to agents of all kinds, and what agents may say of them. */
import { createHash, randomBytes } from 'node:crypto';
import t, { type Test } from 'tap';
import { type AgentFrame, bundlePartBytes } from '#shared/protocol/frames.ts';
import { encodeReport, noReport } from '#shared/protocol/host-rules.ts';
import type { HostRulesJson } from '../../../collector/api/json/host-rules.ts';
import { until } from '../../edge/edge-scene.ts';
import { RawAgent } from '../ingest/raw-agent.ts';
import { startTestCollector, type TestCollector } from '../start.ts';

type RulesFrame = AgentFrame & { readonly kind: 'rules' };

const bundle = (sizeBytes: number, version = 7) => ({
  ...{ version, digest: randomBytes(32).toString('hex'), bytes: randomBytes(sizeBytes) },
});

const says = (more: Partial<RulesFrame> = {}): RulesFrame => ({
  ...{ kind: 'rules', status: 'none', version: 0, digest: '', expiresAt: 0, since: 0 },
  ...{ offered: 0, code: '', detail: '', report: encodeReport(noReport) },
  ...more,
});

async function connect(t: Test, site: TestCollector, features: readonly string[] = ['bundle']) {
  const identity = await site.enrol();
  const agent = await new RawAgent(site.collector.agents, identity).hello({ features });
  t.teardown(() => agent.socket.terminate());
  const state = async () =>
    await site.client.get<HostRulesJson>(`/hosts/${encodeURIComponent(identity.hostId)}/rules`);
  return { agent, identity, state };
}

t.test('an agent that knows of no bundles is sent none', async (t) => {
  const site = await startTestCollector(t);
  site.collector.desiredBundles.setForAll(bundle(100));
  const { agent, state } = await connect(t, site, []);
  site.collector.desiredBundles.setForAll(bundle(100));
  agent.send({ kind: 'ping', sentAt: 1, pending: 0 });
  await agent.frame('ping');
  t.same(
    agent.frames.filter(({ kind }) => kind === 'root' || kind === 'bundle'),
    [],
  );
  t.match(await state(), { status: 'unknown' });
});

t.test(
  'a bundle goes out in parts, once it is known what the host runs, and once on a connection',
  async (t) => {
    const site = await startTestCollector(t);
    const wanted = bundle(2 * bundlePartBytes + 5);
    site.collector.desiredBundles.setForAll(wanted);
    const { agent, state } = await connect(t, site);
    await agent.frame('root');
    agent.send(says());
    const parts = [await agent.frame('bundle'), await agent.frame('bundle'), await agent.frame('bundle')];
    t.same(
      parts.map(({ index, data, sizeBytes, version }) => [index, data.length, sizeBytes, version]),
      [0, 1, 2].map((n) => [n, n < 2 ? bundlePartBytes : 5, wanted.bytes.length, 7]),
    );
    const bytes = Buffer.concat(parts.map(({ data }) => data));
    t.ok(bytes.equals(wanted.bytes));
    t.equal(parts[0]?.offer, createHash('sha256').update(bytes).digest('hex'));
    t.match(await state(), { wanted: { version: 7, digest: wanted.digest }, status: 'none' });

    agent.send(says({ code: 'bundle.expired', detail: 'It ended.', since: 5, offered: 7 }));
    await until(async () => (await state()).code === 'bundle.expired', 'the refusal is kept');
    site.collector.desiredBundles.setForAll(wanted);
    agent.send({ kind: 'ping', sentAt: 1, pending: 0 });
    await agent.frame('ping');
    t.same(
      agent.frames.filter(({ kind }) => kind === 'bundle'),
      [],
      'what was refused is not offered again',
    );
    const next = bundle(10, 8);
    site.collector.desiredBundles.setForAll(next);
    t.match(await agent.frame('bundle'), { version: 8 }, 'another one is');
    agent.send(says({ status: 'in-force', version: 8, digest: next.digest, since: 6 }));
    await until(async () => (await state()).digest === next.digest, 'it is in force');
  },
);

t.test('a host of a stage has a bundle of its own', async (t) => {
  const site = await startTestCollector(t);
  const [one, two] = [await connect(t, site), await connect(t, site)];
  const [canary, usual] = [bundle(10, 2), bundle(10, 1)];
  const { desiredBundles } = site.collector;
  desiredBundles.setForAll(usual);
  desiredBundles.setFor([one.identity.hostId], canary);
  for (const { agent } of [one, two]) agent.send(says());
  t.match(await one.agent.frame('bundle'), { version: 2 });
  t.match(await two.agent.frame('bundle'), { version: 1 });
  one.agent.send(says({ status: 'in-force', version: 2, digest: canary.digest }));
  await until(async () => (await one.state()).version === 2, 'the canary runs it');
  desiredBundles.setFor([one.identity.hostId], undefined);
  t.match(await one.agent.frame('bundle'), { version: 1 }, 'and is put back');
});

t.test('what a host says is believed as far as it makes sense', async (t) => {
  const site = await startTestCollector(t);
  const { agent, identity, state } = await connect(t, site);
  agent.send(
    says({
      ...{ status: 'splendid', digest: '../../x', code: 'made.up', detail: 'x'.repeat(4096), version: 3 },
      ...{ report: randomBytes(100), since: 9 },
    }),
  );
  await until(async () => (await state()).version === 3, 'it is kept');
  t.match(await state(), { status: 'none', digest: '', code: 'internal', report: { rules: 0 } });
  t.equal((await state()).detail.length, 1024);

  for (let n = 0; n < 400; n++) {
    agent.send(says({ code: 'bundle.signature', detail: `lie ${n}`, since: 100 + n }));
    if (n % 20 === 0) {
      agent.send({ kind: 'ping', sentAt: n, pending: 0 });
      await agent.frame('ping');
    }
  }
  agent.send(says({ version: 77 }));
  await until(async () => (await state()).version === 77, 'the last word is kept');
  const { items } = await site.client.get<{ items: { action: string; actor: string }[] }>('/audit', {
    limit: '500',
  });
  const refusals = items.filter(({ action }) => action === 'bundle.refuse');
  t.ok(refusals.length > 0 && refusals.length <= 100, `${refusals.length} refusals in the audit log`);
  t.equal(refusals[0]?.actor, `host ${identity.hostId}`);
  const alerts = await site.client.get<{ items: { ruleId: string }[] }>('/alerts');
  t.equal(alerts.items.filter(({ ruleId }) => ruleId === 'vedette-bundle-tampering').length, 1);
});

t.test('enrolment tells of the root', async (t) => {
  const site = await startTestCollector(t);
  const root = site.collector.desiredBundles.root ?? new Uint8Array();
  const identity = await site.enrol();
  t.equal(identity.bundleRoot, Buffer.from(root).toString('base64'));
});
