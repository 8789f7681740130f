import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import t from 'tap';
import { parseToken } from '#shared/protocol/identity.ts';
import { enrol } from '../../../agent/identity/enrol.ts';
import type { AgentIdentity } from '../../../agent/identity/identity.ts';
import type { AuditEntryJson } from '../../../collector/api/resources/audit.ts';
import { RawAgent } from '../ingest/raw-agent.ts';
import { startTestCollector, type TestCollector } from '../start.ts';

interface TokenJson {
  readonly id: string;
  readonly uses: number;
  readonly hosts: string;
  readonly revokedAt: string | null;
}

async function tokens({ client }: TestCollector): Promise<readonly TokenJson[]> {
  return (await client.get<{ items: TokenJson[] }>('/enrolment-tokens')).items;
}

async function ticketOf({ client }: TestCollector, body: object) {
  const { id, token } = await client.call<{ id: string; token: string }>(
    'POST',
    '/enrolment-tokens',
    {},
    body,
  );
  const ticket = parseToken(token);
  if (!ticket.ok) throw ticket.error;
  return { id, ticket: ticket.value };
}

const named = (hostname: string) => ({ hostname, os: 'linux' });

t.test('a token is for hosts of its pattern, and a refusal does not use it up', async (t) => {
  const test = await startTestCollector(t);
  const { ticket } = await ticketOf(test, { maxUses: 2, hosts: 'web-*' });
  await t.rejects(enrol(ticket, named('db-1')), { code: 'enroll.host_refused' });
  t.match(await tokens(test), [{ uses: 0, hosts: 'web-*', revokedAt: null }]);
  await enrol(ticket, named('web-1'));
  await enrol(ticket, named('WEB-2'));
  t.match(await tokens(test), [{ uses: 2 }]);
  await t.rejects(enrol(ticket, named('web-3')), { code: 'enroll.token_refused' }, 'a used one, replayed');
  t.ok(
    test.log.some((line) => line['msg'] === 'enrolment refused' && line['code'] === 'enroll.token_refused'),
  );
});

t.test('a revoked token enrols nobody, and every change is audited without a secret', async (t) => {
  const test = await startTestCollector(t);
  const { id, ticket } = await ticketOf(test, { maxUses: 2 });
  const { hostId } = await enrol(ticket, named('a'));
  await test.client.call('DELETE', `/enrolment-tokens/${id}`);
  await t.rejects(enrol(ticket, named('a')), { code: 'enroll.token_refused' });
  t.match(await tokens(test), [{ uses: 1, revokedAt: /^20/ }]);
  const audited = await test.client.get<{ items: readonly AuditEntryJson[] }>('/audit');
  t.same(audited.items.map(({ action, target, actor }) => [action, target, actor]).toReversed(), [
    ['root.make', 'root 1', 'collector'],
    ['token.make', 'token cli', 'collector'],
    ['enrolment-token.make', `enrolment token ${id}`, 'cli'],
    ['host.enrol', `host ${hostId}`, `host ${hostId}`],
    ['enrolment-token.revoke', `enrolment token ${id}`, 'cli'],
  ]);
  t.notMatch(JSON.stringify([audited, test.log]), ticket.secret);
});

t.test('a host enrolled again keeps its id only by the key it had', async (t) => {
  const test = await startTestCollector(t);
  const first = await test.enrol(named('a'));
  const anew = await test.enrol(named('a'));
  t.not(anew.hostId, first.hostId, 'without asking for it, it is a new host');
  const again = async (identity: AgentIdentity | undefined) => {
    const { ticket } = await ticketOf(test, {});
    return enrol(ticket, named('a'), undefined, identity && { again: identity });
  };
  const kept = await again(first);
  t.equal(kept.hostId, first.hostId);
  t.not(kept.key, first.key);
  await new RawAgent(test.collector.agents, kept).hello();
  const foreign = await (await startTestCollector(t)).enrol(named('a'));
  await t.rejects(again(foreign), { code: 'enroll.host_unproven' });
  await test.client.call('POST', `/hosts/${first.hostId}/revoke`, {}, {});
  await t.rejects(again(kept), { code: 'enroll.host_unproven' }, 'a revoked host proves nothing');
  t.match((await tokens(test))[0], { uses: 0 }, 'and the token is still good');
});

t.test('a decommissioned host is active once it has enrolled again', async (t) => {
  const test = await startTestCollector(t);
  const identity = await test.enrol(named('a'));
  await test.client.call('POST', `/hosts/${identity.hostId}/decommission`, {}, {});
  const { ticket } = await ticketOf(test, {});
  await enrol(ticket, named('a'), undefined, { again: identity });
  t.match(await test.client.get(`/hosts/${identity.hostId}`), { state: 'active' });
});

t.test('requests for certificates that are hostile', async (t) => {
  const test = await startTestCollector(t);
  const { ca } = await test.enrol();
  const { ticket } = await ticketOf(test, {});
  const post = async (body: object) => {
    const [host, port] = test.collector.agents.split(':');
    const servername = 'collector.vedette.internal';
    const call = request({ host, port, path: '/enroll', method: 'POST', ca, servername });
    call.end(JSON.stringify(body));
    const [answer] = (await once(call, 'response')) as [IncomingMessage];
    let text = '';
    for await (const part of answer) text += part;
    return { status: answer.statusCode, body: JSON.parse(text) };
  };
  const facts = named('a');
  const malformed = { status: 400, body: { code: 'enroll.request_malformed' } };
  for (const csr of [
    '',
    'garbage',
    'x'.repeat(20_000),
    '-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----',
  ]) {
    t.match(await post({ secret: ticket.secret, csr, facts }), malformed);
  }
  t.match(await post({ secret: ticket.secret, csr: 'garbage', facts, again: true }), {
    status: 403,
    body: { code: 'enroll.host_unproven' },
  });
  t.match((await tokens(test))[0], { uses: 0 }, 'none of them used the token up');
});
