import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import t from 'tap';
import { repositoryOf } from '../../../agent/sensors/package/origins.linux.ts';
import { rpmRow } from '../../../agent/sensors/package/rpm.ts';
import { compareVersions } from '../../../agent/sensors/package/version-order.ts';

const hasDpkg = spawnSync('dpkg', ['--version']).status === 0;

t.test('known orders', async (t) => {
  const ascending = ['1.0~rc1', '1.0', '1.0-1', '1.0-1+b1', '1.0-2', '1.0a', '1.1', '1.10', '1:0.1'];
  for (let i = 1; i < ascending.length; i++) {
    t.ok(
      compareVersions(ascending[i - 1] ?? '', ascending[i] ?? '') < 0,
      `${ascending[i - 1]} < ${ascending[i]}`,
    );
  }
  t.equal(compareVersions('1.0', '1.00'), 0);
  t.equal(compareVersions('0:1', '1'), 0);
});

t.test('the same order as dpkg', { skip: !hasDpkg }, async () => {
  const version = fc
    .tuple(fc.stringMatching(/^[0-9][0-9a-z.+~]{0,5}$/), fc.stringMatching(/^(-[0-9a-z.+~]{1,3})?$/))
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(version, version, (a, b) => {
      const relation = compareVersions(a, b) < 0 ? 'lt' : compareVersions(a, b) > 0 ? 'gt' : 'eq';
      return spawnSync('dpkg', ['--compare-versions', a, relation, b]).status === 0;
    }),
    { numRuns: 60 },
  );
});

t.test('names of lists and lines of rpm', async (t) => {
  t.equal(
    repositoryOf('deb.debian.org_debian-security_dists_bookworm-security_main_binary-amd64_Packages.lz4'),
    'deb.debian.org/debian-security bookworm-security/main',
  );
  t.equal(repositoryOf('repo.example%3a8080_flat_Packages'), 'repo.example:8080/flat');
  t.same(rpmRow('bash\t1\t5.2-1\tx86_64\t7\tFedora\t10'), {
    type: 'rpm',
    name: 'bash',
    version: '1:5.2-1',
    architecture: 'x86_64',
    sizeBytes: 7,
    maintainer: 'Fedora',
    installedAt: 10_000_000,
  });
  t.equal(rpmRow('nonsense'), undefined);
});
