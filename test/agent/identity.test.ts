import { spawn } from 'node:child_process';
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { makeRequest } from '../../agent/identity/certificate-request.ts';
import { type AgentIdentity, loadIdentity, saveIdentity } from '../../agent/identity/identity.ts';
import { LiveIdentity } from '../../agent/identity/live-identity.ts';
import { defaultLives, openAuthority } from '../../collector/fleet/authority.ts';
import { tempFolder } from '../temp.ts';

const hostId = '0123456789abcdef';
const dayMs = 86_400_000;

async function enrolled(folder: string, pki: string, lives = defaultLives) {
  const authority = await openAuthority(pki, lives);
  const { key, csr } = makeRequest();
  const signed = await authority.signAgent(csr, hostId);
  if (!signed.ok) throw signed.error;
  const identity = { hostId, address: 'h:1', ca: authority.trust, certificate: signed.value, key };
  saveIdentity(folder, identity);
  return { authority, identity, live: new LiveIdentity(folder, identity) };
}

const codeOf = (result: { ok: boolean; error?: { code: string } }) => (result.ok ? 'ok' : result.error?.code);

t.test('requests are sound, each with a key of its own', async (t) => {
  const authority = await openAuthority(tempFolder(t));
  const keys = new Set<string>();
  // Lengths of integers in signatures vary from one to the next.
  for (let i = 0; i < 50; i++) {
    const { key, csr } = makeRequest();
    keys.add(key);
    const signed = await authority.signAgent(csr, hostId);
    t.ok(signed.ok);
    if (signed.ok) t.ok(new X509Certificate(signed.value).checkPrivateKey(createPrivateKey(key)));
  }
  t.equal(keys.size, 50);
});

t.test('a certificate is renewed at a third of its life, and kept before it is used', async (t) => {
  const folder = tempFolder(t);
  const { authority, identity, live } = await enrolled(folder, tempFolder(t));
  const end = Date.parse(new X509Certificate(identity.certificate).validTo);
  t.equal(live.request(end - 2.4 * dayMs), undefined);
  const csr = live.request(end - 2.3 * dayMs);
  t.equal(live.request(end), undefined, 'not twice in a row');
  const signed = await authority.signAgent(csr as string, hostId);
  if (!signed.ok) throw signed.error;
  t.equal(codeOf(live.accept(signed.value)), 'ok');
  const kept = loadIdentity(folder) as AgentIdentity;
  t.same(kept, live.current);
  t.not(kept.key, identity.key);
  t.ok(new X509Certificate(kept.certificate).checkPrivateKey(createPrivateKey(kept.key)));
  t.equal(statSync(join(folder, 'identity.json')).mode & 0o777, 0o600);
});

t.test('certificates that were not asked for, or are of others, are refused', async (t) => {
  const folder = tempFolder(t);
  const { authority, identity, live } = await enrolled(folder, tempFolder(t));
  t.equal(codeOf(live.accept(identity.certificate)), 'identity.renewal_refused', 'not asked for');
  const late = Date.parse(new X509Certificate(identity.certificate).validTo);
  const sign = async (by: typeof authority, csr: string, id: string) => {
    const signed = await by.signAgent(csr, id);
    if (!signed.ok) throw signed.error;
    return signed.value;
  };
  const foreign = await openAuthority(tempFolder(t));
  const bad: ((csr: string) => Promise<string>)[] = [
    (csr) => sign(authority, csr, 'f'.repeat(16)),
    (csr) => sign(foreign, csr, hostId),
    () => sign(authority, makeRequest().csr, hostId),
    async () => 'nonsense',
  ];
  for (const make of bad) {
    const asking = new LiveIdentity(folder, identity);
    const csr = asking.request(late) as string;
    t.equal(codeOf(asking.accept(await make(csr))), 'identity.renewal_refused');
    t.same(loadIdentity(folder), identity);
  }
});

t.test('CAs are pinned as told, and a new one makes the agent renew', async (t) => {
  const folder = tempFolder(t);
  const { authority, identity, live } = await enrolled(folder, tempFolder(t));
  const now = Date.now();
  t.equal(live.request(now), undefined);
  await authority.rotate(60_000);
  t.equal(codeOf(live.trust(authority.trust)), 'ok');
  t.equal(loadIdentity(folder)?.ca, authority.trust);
  t.type(live.request(now), 'string');
  for (const bad of ['', 'nonsense', identity.certificate, authority.trust.repeat(9), 'x'.repeat(100_000)])
    t.equal(codeOf(live.trust(bad)), 'identity.trust_refused');
  t.equal(loadIdentity(folder)?.ca, authority.trust);
});

t.test('a crash at any instant leaves one working pair', async (t) => {
  const folder = tempFolder(t);
  const { identity } = await enrolled(folder, tempFolder(t));
  const script = `
    import { saveIdentity } from ${JSON.stringify(join(import.meta.dirname, '../../agent/identity/identity.ts'))};
    import { makeRequest } from ${JSON.stringify(join(import.meta.dirname, '../../agent/identity/certificate-request.ts'))};
    import { createPublicKey } from 'node:crypto';
    const base = ${JSON.stringify(identity)};
    const pairs = Array.from({ length: 8 }, () => makeRequest().key).map((key) => ({
      ...base, key, certificate: createPublicKey(key).export({ type: 'spki', format: 'pem' }) }));
    console.log('runs');
    for (;;) for (const pair of pairs) saveIdentity(${JSON.stringify(folder)}, pair);`;
  for (let round = 0; round < 8; round++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    t.teardown(() => child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    await sleep(5 + Math.random() * 40);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const { key, certificate } = loadIdentity(folder) as AgentIdentity;
    const publicKey = createPublicKey(key).export({ type: 'spki', format: 'pem' });
    t.equal(certificate, publicKey, 'key and certificate belong together');
  }
});
