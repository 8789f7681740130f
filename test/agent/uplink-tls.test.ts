/** Whom the agent takes for its collector. */
import { once } from 'node:events';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { createServer, type TlsOptions } from 'node:tls';
import t, { type Test } from 'tap';
import { WebSocketServer } from 'ws';
import { type AgentFrame, decodeAgentFrame, encodeFrame } from '#shared/protocol/frames.ts';
import { makeRequest } from '../../agent/identity/certificate-request.ts';
import { openAuthority } from '../../collector/fleet/authority.ts';
import { tempFolder } from '../temp.ts';
import { runDelivery } from './run-delivery.ts';

const hostId = '0123456789abcdef';

/** What an agent that trusts `ca` says of a server, and whether the server ever got so far as to speak TLS with it. */
async function attempt(t: Test, ca: string, server: TlsOptions) {
  let wasSecure = false;
  const listening = createServer(server, () => {
    wasSecure = true;
  });
  listening.on('tlsClientError', () => undefined);
  listening.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  t.teardown(() => listening.close());
  const address = `127.0.0.1:${(listening.address() as AddressInfo).port}`;
  const authority = await openAuthority(tempFolder(t));
  const own = makeRequest();
  const signed = await authority.signAgent(own.csr, hostId);
  if (!signed.ok) throw signed.error;
  const identity = { hostId, address, ca, certificate: signed.value, key: own.key };
  const agent = runDelivery(t, tempFolder(t), identity, address);
  await agent.until(() => wasSecure || agent.log.some((event) => event.what === 'disconnected'));
  await agent.delivery.close();
  const said = agent.log.find((event) => event.what === 'disconnected');
  return { wasSecure, detail: said?.what === 'disconnected' ? said.detail : '' };
}

t.test('the agent takes TLS 1.3 of its CA and the name, and nothing else', async (t) => {
  const authority = await openAuthority(tempFolder(t));
  const { key, cert } = authority.server;
  const old = await attempt(t, authority.trust, { key, cert, maxVersion: 'TLSv1.2' });
  t.match(old, { wasSecure: false, detail: /protocol|version/i });
  const other = await openAuthority(tempFolder(t));
  t.match(await attempt(t, other.trust, { key, cert }), { detail: /self-signed|unable to|certificate/i });
  const agentOwn = makeRequest();
  const signed = await authority.signAgent(agentOwn.csr, 'f'.repeat(16));
  if (!signed.ok) throw signed.error;
  const asServer = await attempt(t, authority.trust, { key: agentOwn.key, cert: signed.value });
  t.match(
    asServer,
    { detail: /purpose|altnames|Hostname/i },
    'the certificate of an agent is none of a collector',
  );
  t.match(await attempt(t, authority.trust, { key, cert }), { wasSecure: true }, 'and the right one is');
});

t.test('a certificate is asked for from a collector that says it gives one, and from no other', async (t) => {
  const authority = await openAuthority(tempFolder(t), { agentLifeMs: 2000, serverLifeMs: 86_400_000 });
  for (const features of [undefined, ['renewal']]) {
    const frames: AgentFrame[] = [];
    const { key, cert } = authority.server;
    const server = createHttps({ key, cert });
    const ws = new WebSocketServer({ server });
    ws.on('connection', (socket) =>
      socket.on('message', (data: Buffer) => {
        const frame = decodeAgentFrame(data);
        if (!frame.ok) throw frame.error;
        frames.push(frame.value);
        if (frame.value.kind !== 'hello') return;
        const time = Date.now() * 1000;
        socket.send(
          encodeFrame({ kind: 'hello', version: 1, credit: 65_536, time, ...(features && { features }) }),
        );
      }),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const own = makeRequest();
    const signed = await authority.signAgent(own.csr, hostId);
    if (!signed.ok) throw signed.error;
    const identity = { hostId, address, ca: authority.trust, certificate: signed.value, key: own.key };
    await sleep(1500);
    const agent = runDelivery(t, tempFolder(t), identity, address);
    const kinds = () => frames.map((frame) => frame.kind);
    if (features) await agent.until(() => kinds().includes('renew'));
    else await agent.until(() => kinds().filter((kind) => kind === 'ping').length > 5);
    t.equal(kinds().includes('renew'), features !== undefined);
    await agent.delivery.close();
    for (const client of ws.clients) client.terminate();
    server.close();
  }
});
