/** Orders of versions, by examples of those who define them. */
import t from 'tap';
import type { Compare } from '#shared/detect/detectors/versions/compare.ts';
import { compareOf } from '#shared/detect/detectors/versions/compare.ts';

/** Each older than the next; those of one entry are the same. */
const orders: Readonly<Record<string, readonly (string | readonly string[])[]>> = {
  // deb-version(7) and Debian policy 5.6.12.
  deb: [
    ...['1.0~~', '1.0~~a', '1.0~', '1.0~beta1', ['1.0', '1.0-0', '0:1.0']],
    ...['1.0-1', '1.0-1+deb12u1', '1.0-1+deb12u2', '1.0-2', '1.0a', '1.0+b', '1.0.1', '1.2', '1.10'],
    ...['2.0.20260101-1', '1:0.1', '1:0.9-1ubuntu1', '1:0.9-1ubuntu1.1', '2:0'],
  ],
  // rpm-version(7) and rpm's own tests of rpmvercmp.
  rpm: [
    ...['1.0~rc1', '1.0~rc2', ['1.0', '0:1.0'], '1.0^20160101', '1.0^20160102', '1.0.1', '1.0.1a'],
    ...['1.1', '1.10', '2.0-1.el8', '2.0-1.el9', '2.0-2.el8', '2.0.1', '1:0.5'],
  ],
  apk: [
    ...['1.2_alpha1', '1.2_beta', '1.2_pre2', '1.2_rc1', '1.2_rc2', ['1.2', '1.2-r0'], '1.2-r1'],
    ...['1.2-r10', '1.2_git1', '1.2_p1', '1.2a', '1.2b', '1.2.1', '1.10'],
  ],
  // semver.org, clause 11.
  npm: [
    ...['1.0.0-alpha', '1.0.0-alpha.1', '1.0.0-alpha.beta', '1.0.0-beta', '1.0.0-beta.2', '1.0.0-beta.11'],
    ...['1.0.0-rc.1', ['1.0.0', 'v1.0.0', '1.0.0+build', '1.0'], '1.0.1', '1.2.0', '1.10.0', '2.0.0'],
  ],
  // PEP 440, "Summary of permitted suffixes and relative ordering".
  pip: [
    ...['1.dev0', '1.0.dev456', '1.0a1', '1.0a2.dev456', '1.0a12.dev456', ['1.0a12', '1.0.alpha12']],
    ...['1.0b1.dev456', '1.0b2', '1.0b2.post345.dev456', '1.0b2.post345', '1.0rc1.dev456', '1.0rc1'],
    ...[['1.0', '1', 'v1.0.0'], '1.0+abc.5', '1.0+abc.7', '1.0+5', '1.0.post456.dev34', '1.0.post456'],
    ...['1.0.15', '1.1.dev1', '1.10', '1!0.1'],
  ],
};

for (const [type, order] of Object.entries(orders))
  t.test(type, async (t) => {
    const compare = compareOf(type) as Compare;
    const entries = order.map((one) => (typeof one === 'string' ? [one] : one));
    entries.forEach((one, i) => {
      for (const a of one) {
        for (const b of one) t.equal(Math.sign(compare(a, b)), 0, `${a} is ${b}`);
        for (const later of entries.slice(i + 1).flat()) {
          t.equal(Math.sign(compare(a, later)), -1, `${a} before ${later}`);
          t.equal(Math.sign(compare(later, a)), 1, `${later} after ${a}`);
        }
      }
    });
  });

t.test('of other types nothing is said', async (t) => t.equal(compareOf('snap'), undefined));
