/** Identities on live connections: renewed, expired, revoked, cloned, claimed by others. */
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'node:tls';
import t from 'tap';
import { catalogue, type ErrorCode } from '#shared/errors.ts';
import { collectorName } from '#shared/protocol/identity.ts';
import { makeRequest } from '../../../agent/identity/certificate-request.ts';
import type { AgentIdentity } from '../../../agent/identity/identity.ts';
import type { AuditEntryJson } from '../../../collector/api/resources/audit.ts';
import { batchOf, numbered } from '../../events.ts';
import { requestNaming } from '../fleet/named-request.ts';
import { startTestCollector, type TestCollector } from '../start.ts';
import { RawAgent } from './raw-agent.ts';

const features = ['renewal', 'trust'];
const run = (digit: string) => digit.repeat(16);
const batch = (stream: string, sequence = 1) =>
  ({ kind: 'batch', stream, sequence, collected: sequence, data: batchOf(numbered(sequence)).data }) as const;

async function refusal(address: string, identity: AgentIdentity, hello = {}): Promise<string> {
  const agent = new RawAgent(address, identity);
  await agent.hello(hello).catch(() => undefined);
  const bye = agent.frames.find((frame) => frame.kind === 'bye');
  agent.socket.terminate();
  return bye?.kind === 'bye' ? bye.code : 'served';
}

interface AlertJson {
  readonly ruleId: string;
  readonly level: string;
  readonly hostId: string;
  readonly reason: string;
  readonly event: Record<string, unknown>;
}
async function alertsOf({ client }: TestCollector): Promise<readonly AlertJson[]> {
  return (await client.get<{ items: AlertJson[] }>('/alerts')).items;
}
interface HostJson {
  readonly hostname: string;
  readonly connected: boolean;
}
function hostOf({ client }: TestCollector, id: string): Promise<HostJson> {
  return client.get<HostJson>(`/hosts/${id}`);
}
async function alertsOnce(test: TestCollector, n: number): Promise<readonly AlertJson[]> {
  for (;;) {
    const alerts = await alertsOf(test);
    if (alerts.length >= n) return alerts;
    await sleep(20);
  }
}

t.test('a certificate is renewed over the stream, for the host of the connection only', async (t) => {
  const test = await startTestCollector(t);
  const identity = await test.enrol();
  const agent = await new RawAgent(test.collector.agents, identity).hello({ features });
  const { key, csr } = makeRequest();
  agent.send({ kind: 'renew', csr });
  const { certificate } = await agent.frame('certificate');
  const parsed = new X509Certificate(certificate);
  t.equal(parsed.subject, `CN=${identity.hostId}`);
  t.match(parsed.subjectAltName, identity.hostId);
  const left = Date.parse(parsed.validTo) - Date.now();
  t.ok(left > 6.9 * 86_400_000 && left <= 7 * 86_400_000, 'seven days');
  agent.send(batch('ab'.repeat(8)));
  await agent.frame('ack');
  agent.socket.terminate();
  t.equal(await refusal(test.collector.agents, { ...identity, key, certificate }), 'served');
  t.equal(await refusal(test.collector.agents, identity), 'served', 'the old one is good until it expires');
  const { items } = await test.client.get<{ items: object[] }>(`/hosts/${identity.hostId}/certificates`);
  t.equal(items.length, 2);
});

t.test('a request in the name of another host gets a certificate for the one that sent it', async (t) => {
  const test = await startTestCollector(t);
  const [victim, attacker] = [await test.enrol(), await test.enrol()];
  const agent = await new RawAgent(test.collector.agents, attacker).hello({ features });
  const { key, csr } = await requestNaming(victim.hostId);
  agent.send({ kind: 'renew', csr });
  const { certificate } = await agent.frame('certificate');
  const parsed = new X509Certificate(certificate);
  t.equal(parsed.subject, `CN=${attacker.hostId}`);
  t.notMatch(`${parsed.subjectAltName} ${parsed.toString()}`, victim.hostId);
  t.equal(parsed.ca, false, 'nor does it become a CA');
  agent.socket.terminate();
  const again = await new RawAgent(test.collector.agents, { ...attacker, key, certificate }).hello();
  t.match(await test.client.get(`/hosts/${victim.hostId}`), { connected: false });
  again.socket.terminate();
});

t.test('requests that are garbage, or too many, end the connection with a code', async (t) => {
  const test = await startTestCollector(t);
  const identity = await test.enrol();
  const status = catalogue['identity.renewal_refused'].close;
  for (const csr of [
    'garbage',
    '',
    '-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----',
  ]) {
    const agent = await new RawAgent(test.collector.agents, identity).hello({ features });
    agent.send({ kind: 'renew', csr });
    t.match(await agent.closed, { status });
  }
  const agent = await new RawAgent(test.collector.agents, identity).hello({ features });
  agent.send({ kind: 'renew', csr: makeRequest().csr });
  await agent.frame('certificate');
  agent.send({ kind: 'renew', csr: makeRequest().csr });
  t.match(await agent.closed, { status }, 'a second one at once');
});

t.test('an agent of before renewal is served and is sent nothing it does not know', async (t) => {
  const test = await startTestCollector(t);
  const agent = await new RawAgent(test.collector.agents, await test.enrol()).hello();
  agent.send(batch('ab'.repeat(8)));
  await agent.frame('ack');
  t.same(agent.frames, []);
  agent.socket.terminate();
});

t.test('an expired certificate is good for its renewal only, and after the grace for nothing', async (t) => {
  const test = await startTestCollector(t, undefined, { agentCertificateLifeS: 1 });
  const identity = await test.enrol();
  const { agents } = test.collector;
  await sleep(Date.parse(new X509Certificate(identity.certificate).validTo) - Date.now() + 50);
  t.equal(await refusal(agents, identity), 'identity.renew_first', 'an agent that cannot renew');
  const sending = await new RawAgent(agents, identity).hello({ features });
  sending.send(batch('ab'.repeat(8)));
  t.match(await sending.closed, { status: catalogue['identity.renew_first'].close });
  const agent = new RawAgent(agents, identity);
  await agent.open();
  agent.send({ kind: 'hello', version: 1, pending: 0, facts: {}, features });
  t.match(await agent.frame('hello'), { credit: 0 });
  const { key, csr } = makeRequest();
  agent.send({ kind: 'renew', csr });
  const { certificate } = await agent.frame('certificate');
  t.match(await agent.closed, { status: catalogue['identity.renewed'].close });
  t.equal(await refusal(agents, { ...identity, key, certificate }), 'served');

  const strict = await startTestCollector(t, undefined, { agentCertificateLifeS: 1, certificateGraceS: 0 });
  const late = await strict.enrol();
  await sleep(Date.parse(new X509Certificate(late.certificate).validTo) - Date.now() + 50);
  t.equal(await refusal(strict.collector.agents, late, { features }), 'identity.expired');
});

t.test('a connection does not outlive the certificate it was made with', async (t) => {
  const test = await startTestCollector(t, undefined, { agentCertificateLifeS: 3, agentStallMs: 1000 });
  const identity = await test.enrol();
  const agent = await new RawAgent(test.collector.agents, identity).hello();
  const telling = setInterval(() => agent.send({ kind: 'ping', sentAt: 1, pending: 0 }), 100);
  t.match(await agent.closed, { status: catalogue['identity.renewed'].close });
  clearInterval(telling);
  t.ok(Date.now() >= Date.parse(new X509Certificate(identity.certificate).validTo));
});

t.test('a revoked host is cut off at once, refused from then on, and alerted about', async (t) => {
  const test = await startTestCollector(t);
  const [identity, neighbour] = [await test.enrol(), await test.enrol()];
  const agent = await new RawAgent(test.collector.agents, identity).hello();
  const well = await new RawAgent(test.collector.agents, neighbour).hello({ facts: {} });
  await test.client.call('POST', `/hosts/${identity.hostId}/revoke`, {}, { reason: 'stolen' });
  t.match(await agent.frame('bye'), { code: 'identity.revoked', detail: /stolen/ });
  t.match(await agent.closed, { status: catalogue['identity.revoked'].close });
  t.same(await alertsOf(test), [], 'that an operator did it is no attack');
  for (let i = 0; i < 3; i++) t.equal(await refusal(test.collector.agents, identity), 'identity.revoked');
  const alerts = await alertsOnce(test, 1);
  t.match(alerts, [{ ruleId: 'vedette-identity-revoked-in-use', level: 'high', hostId: identity.hostId }]);
  t.match(alerts[0]?.event, { 'source.address': /127/, 'event.dataset': 'collector.identity' });
  t.equal(alerts.length, 1, 'one, however often it is tried');
  well.send(batch('cd'.repeat(8)));
  await well.frame('ack');
  await test.client.call('POST', `/hosts/${identity.hostId}/restore`, {}, {});
  t.equal(await refusal(test.collector.agents, identity), 'served');
  const { items } = await test.client.get<{ items: readonly AuditEntryJson[] }>('/audit');
  t.same(
    items
      .slice(0, 2)
      .map(({ action }) => action)
      .toReversed(),
    ['host.revoke', 'host.restore'],
  );
  well.socket.terminate();
});

t.test('one certificate is revoked by serial or fingerprint, the host keeps its others', async (t) => {
  const test = await startTestCollector(t);
  const identity = await test.enrol();
  const agent = await new RawAgent(test.collector.agents, identity).hello({ features });
  const { key, csr } = makeRequest();
  agent.send({ kind: 'renew', csr });
  const { certificate } = await agent.frame('certificate');
  const { fingerprint256 } = new X509Certificate(identity.certificate);
  await test.client.call('POST', `/certificates/${encodeURIComponent(fingerprint256)}/revoke`, {}, {});
  t.match(await agent.closed, { status: catalogue['identity.revoked'].close });
  t.equal(await refusal(test.collector.agents, identity), 'identity.revoked');
  t.equal(await refusal(test.collector.agents, { ...identity, key, certificate }), 'served');
  const { serialNumber } = new X509Certificate(certificate);
  await test.client.call('POST', `/certificates/${serialNumber}/revoke`, {}, {});
  t.equal(await refusal(test.collector.agents, { ...identity, key, certificate }), 'identity.revoked');
});

t.test('a clone is refused while the first is alive, with one alert that names both', async (t) => {
  const test = await startTestCollector(t);
  const identity = await test.enrol();
  const { agents } = test.collector;
  const first = await new RawAgent(agents, identity).hello({ run: run('1') });
  for (let i = 0; i < 2; i++) t.equal(await refusal(agents, identity, { run: run('2') }), 'identity.cloned');
  first.send(batch('ab'.repeat(8)));
  await first.frame('ack');
  const alerts = await alertsOnce(test, 1);
  t.match(alerts, [{ ruleId: 'vedette-identity-cloned', level: 'critical', hostId: identity.hostId }]);
  t.match(alerts[0]?.event, { 'source.address': /127/, 'client.address': /127/ });
  t.equal((await alertsOf(test)).length, 1);
  // Written a moment later.
  while (!(await hostOf(test, identity.hostId)).connected) await sleep(20);
  const again = await new RawAgent(agents, identity).hello({ run: run('1') });
  t.match(await first.closed, { status: catalogue['wire.replaced'].close }, 'the same process, again');
  again.socket.terminate();
});

t.test('an agent that was started again takes over from a connection that is half open', async (t) => {
  const test = await startTestCollector(t, undefined, { cloneProbeMs: 200 });
  const identity = await test.enrol();
  const first = await new RawAgent(test.collector.agents, identity).hello({ run: run('1') });
  // What a host that lost its power does: nothing.
  first.socket.pause();
  const second = await new RawAgent(test.collector.agents, identity).hello({ run: run('2') });
  second.send(batch('ab'.repeat(8)));
  await second.frame('ack');
  t.same(await alertsOf(test), []);
  first.socket.terminate();
  second.socket.terminate();
});

t.test('a host has so many connections and no more', async (t) => {
  const test = await startTestCollector(t);
  const identity = await test.enrol();
  const open = await Promise.all(
    Array.from({ length: 4 }, () => new RawAgent(test.collector.agents, identity).open()),
  );
  await sleep(50);
  const fifth = new RawAgent(test.collector.agents, identity);
  t.match(await fifth.closed, { status: catalogue['wire.busy'].close });
  for (const agent of open) agent.socket.terminate();
});

t.test("another host's stream is refused, another host's name not believed, both alerted", async (t) => {
  const test = await startTestCollector(t);
  const [victim, attacker] = [
    await test.enrol({ hostname: 'db-1' }),
    await test.enrol({ hostname: 'web-1' }),
  ];
  const stream = 'ab'.repeat(8);
  const db = await new RawAgent(test.collector.agents, victim).hello({ facts: { hostname: 'db-1' } });
  db.send(batch(stream));
  await db.frame('ack');
  const web = await new RawAgent(test.collector.agents, attacker).hello({ facts: { hostname: 'DB-1' } });
  t.match(await test.client.get(`/hosts/${attacker.hostId}`), { hostname: 'web-1' });
  web.send(batch(stream, 1));
  t.match(await web.closed, { status: catalogue['identity.foreign_stream'].close });
  db.send(batch(stream, 2));
  await db.frame('ack', (frame) => frame.mark === 2);
  const alerts = await alertsOnce(test, 2);
  t.same(
    alerts.map((alert) => [alert.ruleId, alert.hostId]).sort(),
    ['foreign-stream', 'name-taken'].map((what) => [`vedette-identity-${what}`, attacker.hostId]),
  );
  const logged = test.log.map((line) => line['code']);
  for (const code of ['identity.foreign_stream', 'identity.name_taken'] satisfies ErrorCode[])
    t.ok(logged.includes(code), code);
  const renamed = await new RawAgent(test.collector.agents, attacker).hello({ facts: { hostname: 'web-2' } });
  // A free name is its own, once it is written.
  while ((await hostOf(test, attacker.hostId)).hostname !== 'web-2') await sleep(20);
  for (const agent of [db, renamed]) agent.socket.terminate();
});

t.test('TLS 1.3 and nothing below', async (t) => {
  const test = await startTestCollector(t);
  const { ca } = await test.enrol();
  const [host, port] = test.collector.agents.split(':') as [string, string];
  const attempt = async (maxVersion: 'TLSv1.2' | 'TLSv1.3') => {
    const minVersion = 'TLSv1.2';
    const socket = connect({
      host,
      port: Number(port),
      ca,
      servername: collectorName,
      minVersion,
      maxVersion,
    });
    try {
      await once(socket, 'secureConnect');
      return socket.getProtocol();
    } catch (error) {
      return (error as NodeJS.ErrnoException).code;
    } finally {
      socket.destroy();
    }
  };
  t.equal(await attempt('TLSv1.3'), 'TLSv1.3');
  t.equal(await attempt('TLSv1.2'), 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION');
});
