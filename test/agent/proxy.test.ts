import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import t from 'tap';
import { parseToken } from '#shared/protocol/identity.ts';
import { enrol } from '../../agent/identity/enrol.ts';
import { proxyFor, tunnel } from '../../agent/uplink/proxy.ts';
import { startTestCollector } from '../collector/start.ts';
import { numbered } from '../events.ts';
import { tempFolder } from '../temp.ts';
import { runDelivery } from './run-delivery.ts';
import { startProxy } from './small-proxy.ts';

const endpoint = { host: 'collector.example.org', port: 7443 };
const codeOf = (act: () => unknown) => {
  try {
    act();
    return 'ok';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

t.test('which proxy', async (t) => {
  const of = (setting: string, env = {}) => proxyFor(endpoint, setting, env);
  t.equal(of(''), undefined);
  t.match(of('', { HTTPS_PROXY: 'http://p:3128' }), { host: 'p', port: 3128, isTls: false });
  t.match(of('', { https_proxy: 'p:3128' }), { host: 'p', port: 3128 });
  t.match(of('https://[::1]:8443'), { host: '::1', port: 8443, isTls: true });
  t.match(of('http://p', { HTTPS_PROXY: 'http://q' }), { host: 'p', port: 80 }, 'the setting goes before');
  t.equal(of('direct', { HTTPS_PROXY: 'http://q' }), undefined);
  t.match(of('http://al:p%40ss@p:1'), {
    authorization: `Basic ${Buffer.from('al:p@ss').toString('base64')}`,
  });
  const without = (list: string) => of('', { HTTPS_PROXY: 'http://q', NO_PROXY: list }) === undefined;
  for (const list of [
    '*',
    'collector.example.org',
    '.example.org',
    'example.org',
    '*.example.org',
    'a, EXAMPLE.org',
    'example.org:7443',
  ])
    t.ok(without(list), list);
  for (const list of ['ample.org', 'other.org', 'example.org:80', '']) t.notOk(without(list), list);
  const ip = (list: string) =>
    proxyFor({ host: '10.0.0.1', port: 1 }, '', { HTTPS_PROXY: 'http://q', NO_PROXY: list });
  t.equal(ip('10.0.0.1'), undefined);
  t.ok(ip('0.0.1'), 'an address has no domains');
  for (const host of ['127.0.0.1', 'localhost', '::1']) {
    t.equal(proxyFor({ host, port: 1 }, '', { HTTPS_PROXY: 'http://q' }), undefined, `${host} is here`);
    t.match(proxyFor({ host, port: 1 }, 'http://p'), { host: 'p' }, 'unless the setting says so');
  }
  t.equal(proxyFor({ host: '::1', port: 1 }, '', { HTTPS_PROXY: 'http://q', NO_PROXY: '::1' }), undefined);
  for (const bad of ['socks5://p:1', 'http://', 'http://p:99999', 'http://a:%ff@p'])
    t.equal(
      codeOf(() => of(bad)),
      'proxy.invalid',
    );
});

t.test('enrolment and events go through a proxy that wants a password, which nobody logs', async (t) => {
  const test = await startTestCollector(t);
  const proxy = await startProxy(t);
  const url = `http://al:secret-word@${proxy.address}`;
  const { token } = await test.collector.enrolment.createToken({ maxUses: 1, lifeMs: 60_000 });
  const ticket = parseToken(token);
  if (!ticket.ok) throw ticket.error;
  const identity = await enrol(ticket.value, { hostname: 'a', os: 'linux' }, undefined, { proxy: url });
  const agent = runDelivery(t, tempFolder(t), identity, test.collector.agents, { proxy: url });
  agent.delivery.emit(numbered(1));
  await agent.until(() => agent.delivery.outbox.events === 0 && agent.delivery.isConnected());
  t.equal(proxy.requests.length, 3, 'the CA, the enrolment, the stream');
  const authorization = `Proxy-Authorization: Basic ${Buffer.from('al:secret-word').toString('base64')}`;
  for (const head of proxy.requests) {
    t.match(head, `CONNECT ${test.collector.agents} HTTP/1.1\r\n`);
    t.match(head, authorization);
  }
  t.notMatch(JSON.stringify([agent.log, test.log]), 'secret-word');
});

t.test('what proxies refuse has codes, at enrolment and in the stream', async (t) => {
  const test = await startTestCollector(t);
  const identity = await test.enrol();
  const closed = createServer();
  closed.listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const nobody = `127.0.0.1:${(closed.address() as AddressInfo).port}`;
  closed.close();
  const cases = [
    [
      'proxy.authentication_refused',
      (await startProxy(t, 'HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')).address,
    ],
    ['proxy.refused', (await startProxy(t, 'HTTP/1.1 502 Bad Gateway\r\n\r\n')).address],
    ['proxy.refused', (await startProxy(t, 'SSH-2.0-OpenSSH_9.9\r\n\r\n')).address],
    ['proxy.refused', (await startProxy(t, 'x'.repeat(20_000))).address],
    ['proxy.unreachable', nobody],
  ] as const;
  const { token } = await test.collector.enrolment.createToken({ maxUses: 1, lifeMs: 60_000 });
  const ticket = parseToken(token);
  if (!ticket.ok) throw ticket.error;
  for (const [code, address] of cases) {
    const proxy = `http://al:secret-word@${address}`;
    await t.rejects(enrol(ticket.value, {}, undefined, { proxy }), { code }, `${code} at enrolment`);
    const agent = runDelivery(t, tempFolder(t), identity, test.collector.agents, { proxy });
    await agent.until(() => agent.log.some((event) => event.what === 'disconnected' && event.code === code));
    t.notMatch(JSON.stringify(agent.log), 'secret-word');
    await agent.delivery.close();
  }
  const silent = await startProxy(t, '');
  const waiting = runDelivery(t, tempFolder(t), identity, test.collector.agents, {
    proxy: `http://${silent.address}`,
    stallMs: 3_600_000,
  });
  await waiting.until(() => silent.requests.length > 0);
  await waiting.delivery.close();
  t.pass('an agent that is stopped does not wait for a silent proxy');
  const [host, port] = silent.address.split(':') as [string, string];
  const to = { host, port: Number(port), isTls: false, authorization: undefined };
  await t.rejects(tunnel(to, endpoint, 100), { code: 'proxy.stalled' });
});
