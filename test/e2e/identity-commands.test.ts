/** Enrolment, hosts, certificates and the CA, from the command line. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { HostJson } from '../../collector/api/json/host.ts';
import type { CaJson } from '../../collector/api/resources/ca.ts';
import type { CertificateJson } from '../../collector/api/resources/certificates.ts';
import { tempFolder } from '../temp.ts';
import { Server, vedette, vedetteJson } from '../vedette.ts';

const data = tempFolder(t);
const host = tempFolder(t);
const ask = <T>(...args: string[]) => vedetteJson<T>(...args, '--data', data);
const run = (...args: string[]) => vedette(...args, '--data', data);
interface TokenJson {
  readonly id: string;
  readonly token: string;
  readonly uses: number;
  readonly hosts: string;
  readonly revokedAt: string | null;
  readonly expiresAt: string;
}

t.test('identity from the command line', async (t) => {
  await Server.start(t, 'collector', '--port', '0', '--agent-port', '0', '--data', data);

  await t.test('tokens are made for some hosts and some time, listed, revoked', async (t) => {
    const made = ask<TokenJson>(
      'enroll',
      '--new-token',
      '--uses',
      '3',
      '--expires',
      '2h',
      '--hosts',
      'nobody-*',
    );
    const leftMs = Date.parse(made.expiresAt) - Date.now();
    t.ok(leftMs > 6_900_000 && leftMs <= 7_200_000);
    const refused = vedette('enroll', '--token', made.token, '--data', host);
    t.equal(refused.status, 1);
    t.match(refused.stderr, /enroll\.host_refused/);
    t.notOk(existsSync(join(host, 'agent/identity.json')));
    t.match(ask<TokenJson[]>('enroll', '--list'), [
      { id: made.id, uses: 0, hosts: 'nobody-*', revokedAt: null },
    ]);
    t.notMatch(run('enroll', '--list').stdout, made.token);
    t.match(run('enroll', '--list').stdout, /good +0 of 3/);
    t.match(ask('enroll', '--revoke', made.id), { id: made.id, revokedAt: /^20/ });
    t.match(run('enroll', '--list').stdout, /revoked/);
    t.match(vedette('enroll', '--token', made.token, '--data', host).stderr, /enroll\.token_refused/);
    t.match(run('enroll', '--revoke', 'none'), { status: 1, stderr: /api\.not_found/ });
    t.match(run('enroll', '--new-token', '--expires', '2 weeks'), { status: 2, stderr: /usage\.invalid/ });
    t.match(run('enroll', '--new-token', '--list'), { status: 2 });
  });

  const enrolled = vedetteJson<{ hostId: string }>(
    'enroll',
    '--token',
    ask<TokenJson>('enroll', '--new-token').token,
    '--data',
    host,
  );
  const identity = () => readFileSync(join(host, 'agent/identity.json'), 'utf8');

  await t.test('a host is enrolled again under its id', async (t) => {
    t.equal(statSync(join(host, 'agent/identity.json')).mode & 0o777, 0o600);
    const before = identity();
    const { token } = ask<TokenJson>('enroll', '--new-token');
    t.match(vedetteJson('enroll', '--again', '--token', token, '--data', host), enrolled);
    t.not(identity(), before);
    t.match(vedette('enroll', '--again', '--token', token, '--data', tempFolder(t)), {
      status: 1,
      stderr: /agent\.not_enrolled/,
    });
  });

  await t.test('certificates are listed and revoked', async (t) => {
    const list = ask<CertificateJson[]>('certificates', 'list', enrolled.hostId);
    t.equal(list.length, 2);
    const [first] = list as [CertificateJson];
    t.match(run('certificates', 'revoke', first.serial, '--reason', 'lost').stdout, /is revoked/);
    t.match(ask<CertificateJson[]>('certificates', 'list', enrolled.hostId)[0], { revokedReason: 'lost' });
    t.match(run('certificates', 'revoke', 'beef'), { status: 1, stderr: /api\.not_found/ });
  });

  await t.test('hosts are revoked, decommissioned, restored', async (t) => {
    for (const [verb, state] of [
      ['revoke', 'revoked'],
      ['decommission', 'decommissioned'],
      ['restore', 'active'],
    ] as const) {
      t.match(ask<HostJson>('hosts', verb, enrolled.hostId, '--reason', 'a reason'), {
        id: enrolled.hostId,
        state,
        stateReason: 'a reason',
      });
      t.match(ask<HostJson[]>('hosts'), [{ state }]);
      t.match(run('hosts', verb, 'none'), { status: 1, stderr: /api\.not_found/ });
    }
    t.equal(run('hosts', 'revoke').status, 2);
  });

  await t.test('the CA is shown and rotated', async (t) => {
    const [before] = ask<CaJson[]>('ca', 'show') as [CaJson];
    t.match(before, { state: 'signing', retiresAt: null });
    const after = ask<CaJson[]>('ca', 'rotate', '--overlap', '1h');
    t.match(after, [{ state: 'signing' }, { state: 'retiring', fingerprint: before.fingerprint }]);
    t.match(run('ca', 'show').stdout, /retiring/);
    ask('ca', 'rotate');
    t.match(run('ca', 'rotate'), { status: 1, stderr: /pki\.rotation_unfinished/ });
  });

  for (const command of [
    ['hosts', 'revoke'],
    ['certificates', 'list'],
    ['ca', 'rotate'],
    ['enroll', '--new-token'],
  ])
    t.match(vedette(...command, '--help'), { status: 0, stdout: /Usage/ });
});
