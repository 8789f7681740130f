import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { makeRequest } from '../../../agent/identity/certificate-request.ts';
import { defaultLives, openAuthority } from '../../../collector/fleet/authority.ts';
import { tempFolder } from '../../temp.ts';

const hostId = '0123456789abcdef';

async function signed(authority: Awaited<ReturnType<typeof openAuthority>>) {
  const result = await authority.signAgent(makeRequest().csr, hostId);
  if (!result.ok) throw result.error;
  return new X509Certificate(result.value);
}

t.test('a new CA signs, the one before is trusted until it retires, and then its key is gone', async (t) => {
  const folder = tempFolder(t);
  const authority = await openAuthority(folder);
  const before = await signed(authority);
  const token = authority.caFingerprint;
  await authority.rotate(60_000);
  const after = await signed(authority);
  t.equal(authority.isOfAgent(before), true);
  t.equal(authority.isOfAgent(after), true);
  t.match(authority.cas, [{ state: 'signing' }, { state: 'retiring', fingerprint: token }]);
  t.equal(authority.caFingerprint, token, 'the collector shows itself with the one everybody knows');
  const again = await openAuthority(folder);
  t.same(again.cas, authority.cas, 'as kept on the disk');
  await again.rotate(-1);
  t.match(again.cas, [{ state: 'signing' }]);
  t.equal(again.isOfAgent(before), false);
  t.equal(again.isOfAgent(after), false, 'those between retire with it');
  t.not(again.caFingerprint, token);
  t.equal(existsSync(join(folder, 'ca.key')), false);
  t.equal(existsSync(join(folder, 'ca.crt')), true);
  const shown = new X509Certificate(again.server.cert);
  t.ok(shown.verify(new X509Certificate(again.trust).publicKey));
});

t.test('so many CAs at once and no more', async (t) => {
  const authority = await openAuthority(tempFolder(t));
  await authority.rotate(60_000);
  await authority.rotate(60_000);
  await t.rejects(authority.rotate(60_000), { code: 'pki.rotation_unfinished' });
});

t.test('keys are for their owner only', async (t) => {
  const folder = tempFolder(t);
  await (await openAuthority(folder)).rotate(60_000);
  const names = execFileSync('ls', [folder], { encoding: 'utf8' }).split('\n');
  const keys = names.filter((name) => name.endsWith('.key'));
  t.equal(keys.length, 3);
  for (const name of keys) t.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name);
});

t.test('a server certificate is no certificate of an agent, nor is the CA', async (t) => {
  const authority = await openAuthority(tempFolder(t));
  t.equal(authority.isOfAgent(new X509Certificate(authority.server.cert)), false);
  t.equal(authority.isOfAgent(new X509Certificate(authority.trust)), false);
  t.equal(authority.isOfAgent(await signed(await openAuthority(tempFolder(t)))), false, 'of another CA');
});

t.test("the collector's certificate is renewed at a third of its life", async (t) => {
  const authority = await openAuthority(tempFolder(t), { ...defaultLives, serverLifeMs: 3000 });
  const { cert } = authority.server;
  t.equal(await authority.tend(), false);
  await sleep(2500);
  t.equal(await authority.tend(), true);
  t.not(authority.server.cert, cert);
});

/** Makes a key and a certificate as an operator would, with OpenSSL. */
function outside(folder: string, ...args: readonly string[]): void {
  const out = ['-keyout', join(folder, 'ca.key'), '-out', join(folder, 'ca.crt')];
  execFileSync('openssl', ['req', '-x509', '-nodes', '-subj', '/O=Ours/CN=Root', ...out, ...args], {
    stdio: 'ignore',
  });
}
const kinds = {
  'P-256': ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'],
  'P-384': ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:secp384r1'],
  RSA: ['-newkey', 'rsa:2048'],
};
let hasOpenssl = true;
try {
  execFileSync('openssl', ['version']);
} catch {
  hasOpenssl = false;
}
const skip = hasOpenssl ? false : 'no openssl here';

t.test('a CA given from outside signs, and OpenSSL agrees', { skip }, async (t) => {
  for (const [kind, args] of Object.entries(kinds)) {
    const folder = tempFolder(t);
    outside(folder, ...args, '-days', '30');
    const authority = await openAuthority(folder);
    const certificate = await signed(authority);
    t.equal(authority.isOfAgent(certificate), true, kind);
    for (const [name, one, purpose] of [
      ['agent', certificate, 'sslclient'],
      ['server', new X509Certificate(authority.server.cert), 'sslserver'],
    ] as const) {
      const path = join(folder, `${name}.pem`);
      writeFileSync(path, one.toString());
      const args = ['verify', '-purpose', purpose, '-CAfile', join(folder, 'ca.crt'), path];
      t.match(execFileSync('openssl', args, { encoding: 'utf8' }), /OK/, `${kind} ${name}`);
    }
    t.ok(Date.parse(certificate.validTo) <= Date.parse(new X509Certificate(authority.trust).validTo));
  }
});

t.test('a CA that cannot be used is refused with a reason', { skip }, async (t) => {
  const cases: Record<string, (t: Test) => string> = {
    'not one of a CA': (t) => {
      const folder = tempFolder(t);
      outside(folder, ...kinds['P-256'], '-addext', 'keyUsage=critical,digitalSignature');
      return folder;
    },
    'not the one of its certificate': (t) => {
      const [folder, other] = [tempFolder(t), tempFolder(t)];
      outside(folder, ...kinds['P-256']);
      outside(other, ...kinds['P-256']);
      writeFileSync(join(folder, 'ca.key'), readFileSync(join(other, 'ca.key')));
      return folder;
    },
    'its key is not': (t) => {
      const folder = tempFolder(t);
      outside(folder, '-newkey', 'ed25519');
      return folder;
    },
    'cannot be read': (t) => {
      const folder = tempFolder(t);
      outside(folder, ...kinds['P-256']);
      writeFileSync(join(folder, 'ca.crt'), 'nonsense');
      return folder;
    },
  };
  for (const [why, make] of Object.entries(cases)) {
    await t.rejects(openAuthority(make(t)), { code: 'pki.ca_unusable', detail: new RegExp(why) }, why);
  }
});
