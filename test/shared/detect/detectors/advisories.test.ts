import t from 'tap';
import { cvssBaseScore, severityOf } from '#shared/detect/detectors/advisory/cvss.ts';
import { indexOfRecords } from '#shared/detect/detectors/advisory/index-of-records.ts';
import { recordsOfOsv } from '#shared/detect/detectors/advisory/osv.ts';

function indexOf(...osv: readonly object[]) {
  return indexOfRecords(
    osv.flatMap((one) => recordsOfOsv(one) ?? []),
    1,
  );
}
const range = (...events: readonly object[]) => ({ type: 'ECOSYSTEM', events });
const about = (ecosystem: string, name: string, more: object) => ({ package: { ecosystem, name }, ...more });

t.test('introduced, fixed and last_affected', async (t) => {
  const { matching } = indexOf({
    id: 'GHSA-1',
    affected: [
      about('npm', 'lib', {
        ranges: [
          range(
            { introduced: '1.0.0' },
            { fixed: '1.2.0' },
            { introduced: '2.0.0' },
            { last_affected: '2.3.0' },
          ),
        ],
      }),
    ],
  });
  const is = (version: string) => matching('npm', 'lib', version).length > 0;
  for (const version of ['1.0.0', '1.1.9', '2.0.0', '2.3.0']) t.ok(is(version), version);
  for (const version of ['0.9.0', '1.2.0', '1.9.0', '2.3.1', '1.0.0-rc.1']) t.notOk(is(version), version);
  t.match(matching('npm', 'lib', '1.1.0'), [{ id: 'GHSA-1', fixed: '1.2.0' }]);
  t.strictSame(matching('npm', 'other', '1.1.0'), []);
  t.strictSame(matching('pip', 'lib', '1.1.0'), []);
});

t.test('listed versions, every version, and names of PyPI', async (t) => {
  const { matching } = indexOf(
    { id: 'PYSEC-1', affected: [about('PyPI', 'My_Lib.x', { versions: ['1.0', '1.1'] })] },
    { id: 'MAL-1', affected: [about('npm', 'evil', {})] },
  );
  t.equal(matching('pip', 'my-lib-x', '1.0').length, 1);
  t.equal(matching('pip', 'my-lib-x', '1.2').length, 0);
  t.match(matching('npm', 'evil', '9.9.9'), [{ isMalicious: true }]);
});

t.test('releases of a distribution', async (t) => {
  const fixed = (release: string, version: string) =>
    about(`Debian:${release}`, 'lib', { ranges: [range({ introduced: '0' }, { fixed: version })] });
  const { matching } = indexOf({
    id: 'DSA-1',
    affected: [fixed('11', '1.0-1+deb11u2'), fixed('12', '1.2-1')],
  });
  const is = (version: string) => matching('deb', 'lib', version).length > 0;
  t.ok(is('0.9-1'), 'vulnerable in every release');
  t.notOk(is('1.1-1'), 'mended in one of them, and nothing says which it is');
  t.ok(is('1.0-1+deb11u1'), 'the version says the release');
  t.notOk(is('1.0-1+deb11u2'));
  t.notOk(is('0.9-1ubuntu1'), 'another distribution');
});

t.test('severity by word or by vector', async (t) => {
  const of = (more: object) => {
    const lib = about('npm', 'lib', { versions: ['1.0.0'] });
    return indexOf({ id: 'A-1', affected: [lib], ...more }).matching('npm', 'lib', '1.0.0')[0];
  };
  t.equal(of({})?.severity, undefined);
  t.equal(of({ database_specific: { severity: 'MODERATE' } })?.severity, 'medium');
  const vector = 'CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H';
  t.match(of({ severity: [{ type: 'CVSS_V3', score: vector }] }), { severity: 'critical', score: 9.8 });
  // Examples of FIRST, https://www.first.org/cvss/v3.1/examples
  t.equal(cvssBaseScore('CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N'), 6.4);
  t.equal(cvssBaseScore('CVSS:3.0/AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N'), 3.1);
  t.equal(cvssBaseScore('CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H'), 7.8);
  t.equal(cvssBaseScore('CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N'), 0);
  for (const bad of ['', 'CVSS:2.0/AV:N', 'CVSS:3.1/AV:N', 'CVSS:3.1/AV:X/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N'])
    t.equal(cvssBaseScore(bad), undefined, bad);
  t.strictSame([0, 3.9, 4, 7, 9].map(severityOf), [undefined, 'low', 'medium', 'high', 'critical']);
});

t.test('what is no advisory, withdrawn, or about nothing hosts have', async (t) => {
  for (const bad of [null, 7, 'x', [], {}, { id: '' }, { id: 1 }, { id: 'A', affected: 7 }])
    t.equal(recordsOfOsv(bad), undefined, JSON.stringify(bad));
  const lib = about('npm', 'lib', { versions: ['1.0.0'] });
  t.strictSame(recordsOfOsv({ id: 'A', withdrawn: '2026-01-01T00:00:00Z', affected: [lib] }), []);
  t.strictSame(recordsOfOsv({ id: 'A', affected: [about('crates.io', 'lib', { versions: ['1'] })] }), []);
  t.strictSame(recordsOfOsv({ id: 'A', affected: [null, 7, { package: {} }, about('npm', 'lib', {})] }), []);
  const git = about('npm', 'lib', { ranges: [{ type: 'GIT', events: [{ introduced: '0' }] }] });
  t.strictSame(recordsOfOsv({ id: 'A', affected: [git] }), []);
  for (const name of ['constructor', '__proto__', 'toString'])
    t.strictSame(recordsOfOsv({ id: 'A', affected: [about(name, 'lib', { versions: ['1'] })] }), []);
});
