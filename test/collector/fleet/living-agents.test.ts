/** Real agents' delivery halves against a real collector: certificates and CAs change under them, nothing is lost. */
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import t from 'tap';
import { collectorName } from '#shared/protocol/identity.ts';
import { type AgentIdentity, loadIdentity } from '../../../agent/identity/identity.ts';
import { certificatesOf } from '../../../agent/identity/trust.ts';
import { runDelivery } from '../../agent/run-delivery.ts';
import { numbered } from '../../events.ts';
import { tempFolder } from '../../temp.ts';
import { startTestCollector, type TestCollector } from '../start.ts';

interface Ledger {
  readonly hostId: string;
  readonly stored: number;
  readonly lost: number;
  readonly duplicates: number;
}
async function ledgerOf({ client }: TestCollector, hostId: string): Promise<Ledger | undefined> {
  const { hosts } = await client.get<{ hosts: Ledger[] }>('/status');
  return hosts.find((host) => host.hostId === hostId);
}

/** Fingerprint of the certificate the collector shows to who trusts `ca`. */
async function shownTo(address: string, ca: string): Promise<string> {
  const [host, port] = address.split(':') as [string, string];
  const socket = connect({ host, port: Number(port), ca, servername: collectorName });
  await once(socket, 'secureConnect');
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}

t.test('certificates that live for seconds are renewed over and over, and no event is lost', async (t) => {
  const test = await startTestCollector(t, undefined, {
    agentCertificateLifeS: 10,
    serverCertificateLifeS: 10,
  });
  const identity = await test.enrol();
  const folder = tempFolder(t);
  const { agents } = test.collector;
  const agent = runDelivery(t, folder, identity, agents);
  const shown = await shownTo(agents, identity.ca);
  const seen = new Set<string>();
  let emitted = 0;
  await agent.until(async () => {
    agent.delivery.emit(numbered(emitted++));
    seen.add((loadIdentity(folder) as AgentIdentity).certificate);
    if (seen.size < 4) return false;
    // A machine that is busy may be late to renew the collector's own.
    return (await shownTo(agents, identity.ca).catch(() => shown)) !== shown;
  });
  t.ok(seen.size >= 4, 'three renewals');
  agent.delivery.flush();
  await agent.until(async () => (await ledgerOf(test, identity.hostId))?.stored === emitted);
  t.match(await ledgerOf(test, identity.hostId), { stored: emitted, lost: 0, duplicates: 0 });
  t.ok(
    agent.log.every((event) => event.what !== 'disconnected' || event.code === 'identity.renewed'),
    'no connection ended but with its certificate',
  );
});

t.test('an agent that was away longer than its certificate lives comes back by itself', async (t) => {
  const test = await startTestCollector(t, undefined, { agentCertificateLifeS: 1 });
  const identity = await test.enrol();
  await sleep(1500);
  const agent = runDelivery(t, tempFolder(t), identity, test.collector.agents);
  agent.delivery.emit(numbered(1));
  await agent.until(async () => (await ledgerOf(test, identity.hostId))?.stored === 1);
  t.ok(agent.log.some((event) => event.what === 'disconnected' && event.code === 'identity.renewed'));
});

t.test(
  'a CA is rotated under living agents; those that were away come back within the overlap',
  async (t) => {
    const test = await startTestCollector(t, undefined, { caOverlapS: 20 });
    const [here, away, lost] = [await test.enrol(), await test.enrol(), await test.enrol()];
    const { agents } = test.collector;
    const [hereFolder, awayFolder] = [tempFolder(t), tempFolder(t)];
    const agent = runDelivery(t, hereFolder, here, agents);
    await agent.until(() => agent.delivery.isConnected());
    const { items } = await test.client.call<{ items: { fingerprint: string }[] }>(
      'POST',
      '/ca/rotate',
      {},
      { overlapSeconds: 8 },
    );
    t.equal(items.length, 2);
    const isOfNewCa = (folder: string) => {
      const { ca, certificate } = loadIdentity(folder) as AgentIdentity;
      const [signing] = certificatesOf(ca);
      return (
        signing !== undefined &&
        !here.ca.includes(signing.toString().trim()) &&
        new X509Certificate(certificate).verify(signing.publicKey)
      );
    };
    await agent.until(() => isOfNewCa(hereFolder));
    t.equal(certificatesOf((loadIdentity(hereFolder) as AgentIdentity).ca).length, 2, 'both pinned');
    const back = runDelivery(t, awayFolder, away, agents);
    await back.until(() => isOfNewCa(awayFolder));
    const newcomer = await test.enrol();
    t.equal(certificatesOf(newcomer.ca).length, 2, 'who enrols meanwhile pins both');
    await agent.until(async () => (await test.client.get<{ items: object[] }>('/ca')).items.length === 1);
    for (const folder of [hereFolder, awayFolder])
      await agent.until(() => certificatesOf((loadIdentity(folder) as AgentIdentity).ca).length === 1);
    for (const one of [agent, back]) await one.delivery.close();
    const again = runDelivery(t, hereFolder, loadIdentity(hereFolder) as AgentIdentity, agents);
    again.delivery.emit(numbered(1));
    await again.until(async () => (await ledgerOf(test, here.hostId))?.stored === 1);
    const fresh = runDelivery(t, tempFolder(t), newcomer, agents);
    await fresh.until(() => fresh.delivery.isConnected());
    const late = runDelivery(t, tempFolder(t), lost, agents);
    await late.until(() => late.log.some((event) => event.what === 'disconnected'));
    t.notOk(late.delivery.isConnected(), 'who missed the overlap must be enrolled again');
  },
);

t.test(
  'a decommissioned agent stops trying and keeps its outbox; restored and started again it delivers',
  async (t) => {
    const test = await startTestCollector(t);
    const identity = await test.enrol();
    const folder = tempFolder(t);
    const agent = runDelivery(t, folder, identity, test.collector.agents);
    await agent.until(() => agent.delivery.isConnected());
    await test.client.call('POST', `/hosts/${identity.hostId}/decommission`, {}, { reason: 'sold' });
    await agent.until(() => agent.log.some((event) => event.what === 'retired'));
    agent.delivery.emit(numbered(1));
    agent.delivery.flush();
    await sleep(500);
    t.equal(agent.delivery.outbox.events, 1);
    t.notOk(
      agent.log.some((event) => event.what === 'disconnected'),
      'no further attempt',
    );
    await agent.delivery.close();
    await test.client.call('POST', `/hosts/${identity.hostId}/restore`, {}, {});
    const again = runDelivery(t, folder, identity, test.collector.agents);
    await again.until(async () => (await ledgerOf(test, identity.hostId))?.stored === 1);
  },
);

t.test(
  'of two agents with one identity the second is refused and alerted about, until the first is gone',
  async (t) => {
    const test = await startTestCollector(t);
    const identity = await test.enrol();
    const first = runDelivery(t, tempFolder(t), identity, test.collector.agents);
    await first.until(() => first.delivery.isConnected());
    const clone = runDelivery(t, tempFolder(t), identity, test.collector.agents);
    const refusals = () =>
      clone.log.filter((event) => event.what === 'disconnected' && event.code === 'identity.cloned').length;
    await clone.until(() => refusals() >= 3);
    first.delivery.emit(numbered(1));
    first.delivery.flush();
    await first.until(async () => (await ledgerOf(test, identity.hostId))?.stored === 1);
    t.notOk(
      first.log.some((event) => event.what === 'disconnected'),
      'the first was not disturbed',
    );
    const { items } = await test.client.get<{ items: { level: string }[] }>(
      '/alerts?rule=vedette-identity-cloned',
    );
    t.match(items, [{ level: 'critical' }]);
    t.equal(items.length, 1);
    await first.delivery.close();
    await clone.until(() => clone.delivery.isConnected());
  },
);
