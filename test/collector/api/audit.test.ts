/** What people do through the API is in the audit log, by whom and to what; secrets are not. */
import t from 'tap';
import type { AuditEntryJson } from '../../../collector/api/resources/audit.ts';
import { newAlert } from '../store/control/new-alert.ts';
import { startApi } from './start.ts';

t.test('sign-in links, sessions, tokens, alerts, commands', async (t) => {
  const { deps, baseUrl, bearer } = await startApi(t);
  await deps.control.hosts.add('h1', { hostname: 'web-1', os: 'linux' }, 1);
  await deps.control.detection.commit(1, [newAlert('a1')]);
  const admin = await bearer('admin');
  const ask = async (method: string, path: string, headers: Record<string, string>, body?: object) => {
    const answer = await fetch(`${baseUrl}/api/v1${path}`, {
      method,
      headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    const sent = await answer.text();
    return {
      cookie: answer.headers.getSetCookie()[0]?.split(';')[0] ?? '',
      json: sent === '' ? null : JSON.parse(sent),
    };
  };
  const ada = await ask('POST', '/users', admin, { name: 'ada', role: 'responder' });
  const secret = new URL(ada.json.signInLink.url).hash.slice('#sign-in='.length);
  const { cookie } = await ask('POST', '/session', {}, { secret });
  const page = { cookie, origin: baseUrl, 'x-vedette-request': '1' };
  await ask('PATCH', '/alerts/a1', page, { status: 'acknowledged', note: 'looking' });
  await ask('POST', '/hosts/h1/commands', page, { name: 'sensor.sample', arguments: { sensor: 'process' } });
  await ask('DELETE', '/session', page);
  const { json: token } = await ask('POST', '/enrolment-tokens', admin, { maxUses: 3 });
  await ask('POST', '/session', {}, { secret });
  await ask('POST', '/hosts/h1/commands', await bearer('analyst'), { name: 'agent.status' });

  const { json } = await ask('GET', '/audit', admin);
  const [first, ...entries] = (json.items as AuditEntryJson[]).toReversed();
  t.match(first, { number: 1, actor: 'collector', action: 'root.make', target: 'root 1' });
  t.match(entries, [
    { number: 2, actor: 'admin', action: 'user.add', target: 'user ada', detail: { role: 'responder' } },
    { number: 3, actor: 'admin', action: 'sign-in-link.make', target: 'user ada' },
    {
      number: 4,
      actor: 'ada',
      action: 'session.begin',
      target: 'user ada',
      detail: { role: 'responder', via: 'link', address: '127.0.0.1' },
    },
    {
      number: 5,
      actor: 'ada',
      action: 'alert.change',
      target: 'alert a1',
      detail: { status: 'acknowledged', note: 'looking' },
    },
    { number: 6, actor: 'ada', action: 'command.make', target: 'host h1', detail: { name: 'sensor.sample' } },
    { number: 7, actor: 'ada', action: 'session.end', target: 'user ada' },
    { number: 8, actor: 'admin', action: 'enrolment-token.make', detail: { maxUses: 3, hosts: '*' } },
    { number: 9, actor: 'unknown', action: 'session.refuse', detail: { factor: 'link' } },
  ]);
  t.equal(entries.length, 8, 'of what was refused only tries to sign in are in the log');
  const said = JSON.stringify(entries);
  for (const one of [secret, token.token, cookie.split('=')[1] as string]) t.notOk(said.includes(one));
  t.match((await ask('GET', '/audit/verification', admin)).json, {
    entries: 9,
    broken: null,
    head: entries[7]?.hash,
  });
});

t.test('where the log cannot be kept, nothing is given out', async (t) => {
  const { deps, baseUrl, bearer, app } = await startApi(t);
  const admin = await bearer('admin');
  app.log.level = 'silent';
  deps.control.audit.append = () => Promise.reject(new Error('disk full'));
  const answer = await fetch(`${baseUrl}/api/v1/sign-in-links`, {
    method: 'POST',
    headers: { ...admin, 'content-type': 'application/json' },
    body: '{}',
  });
  t.equal(answer.status, 500);
  t.notMatch(await answer.text(), 'sign-in=');
});
