/** What detectors reckon with: counts, likelihoods, domains, what is usual. */
import t from 'tap';
import { isLocalAddress, networkOf } from '#shared/detect/detectors/address.ts';
import { addDistinct, countDistinct, noneDistinct } from '#shared/detect/detectors/distinct.ts';
import { FirstSeen } from '#shared/detect/detectors/first-seen.ts';
import { KeyMemory } from '#shared/detect/detectors/key-memory.ts';
import { entropyOf, likelihoodOf } from '#shared/detect/detectors/letters/likelihood.ts';
import { medianDeviationOf, medianOf } from '#shared/detect/detectors/median.ts';
import { SharedMemory } from '#shared/detect/detectors/memory.ts';
import { registeredDomain } from '#shared/detect/detectors/registered-domain.ts';
import { addToUsual, noUsual, usualOf } from '#shared/detect/detectors/usual.ts';
import { randomFrom } from './stream.ts';

t.test('distinct texts: exact while few, within 15 % beyond', async (t) => {
  for (const many of [0, 1, 20, 50, 100, 101, 500, 2_000, 50_000]) {
    const [a, b] = [noneDistinct(), noneDistinct()];
    for (let i = 0; i < many; i++) {
      addDistinct(i % 2 === 0 ? a : b, `10.0.${i >> 8}.${i & 255}`);
      addDistinct(a, `10.0.${i >> 8}.${i & 255}`);
    }
    const counted = countDistinct(a, b);
    // Three standard errors of 4.6 %.
    if (many <= 100) t.equal(counted, many);
    else t.ok(Math.abs(counted - many) <= many * 0.15, `${counted} of ${many}`);
  }
  const one = noneDistinct();
  t.ok(addDistinct(one, 'x'));
  t.notOk(addDistinct(one, 'x'), 'nothing new');
});

t.test('words are told from letters at random', async (t) => {
  const words = [
    'google',
    'wikipedia',
    'weathernews',
    'postgresql',
    'deutschebahn',
    'microsoftonline',
    'github',
  ];
  for (const word of words) t.ok(likelihoodOf(word) > -4.8, `${word} ${likelihoodOf(word)}`);
  const random = randomFrom(7);
  const letters = () => String.fromCharCode(97 + Math.floor(random() * 26));
  const made = Array.from({ length: 500 }, () => likelihoodOf(Array.from({ length: 12 }, letters).join('')));
  t.ok(made.filter((score) => score < -4.8).length >= 0.95 * made.length);
  t.equal(likelihoodOf('GitHub'), likelihoodOf('github'));
  t.equal(likelihoodOf(''), 0);
  t.equal(entropyOf('aaaa'), 0);
  t.equal(entropyOf('abcd'), 2);
});

t.test('registered domains', async (t) => {
  for (const [name, domain] of [
    ['a.b.example.org', 'example.org'],
    ['example.org', 'example.org'],
    ['a.example.co.uk', 'example.co.uk'],
    ['co.uk', undefined],
    ['a.example.com.au', 'example.com.au'],
    ['a.com.example.org', 'example.org'],
    ['host.lan', undefined],
    ['1.0.168.192.in-addr.arpa', undefined],
    ['192.0.2.1', undefined],
    ['localhost', undefined],
    ['a..b', undefined],
    [`${'a.'.repeat(130)}org`, undefined],
  ] as const)
    t.equal(registeredDomain(name), domain, name);
});

t.test('addresses', async (t) => {
  for (const ip of ['127.0.0.1', '::1', '::', 'fe80::1', '169.254.1.1', '224.0.0.1', 'ff02::1', '0.0.0.0'])
    t.ok(isLocalAddress(ip), ip);
  for (const ip of ['10.0.0.1', '12.7.0.1', '2001:db8::1', '203.0.113.9', 'fd00::1'])
    t.notOk(isLocalAddress(ip), ip);
  t.equal(networkOf('203.0.113.9'), '203.0.113.0/24');
  t.equal(networkOf('2001:db8:1:2::9'), '2001:db8:1::/48');
  t.equal(networkOf('2001:db8::9'), networkOf('2001:db8:0:5::1'));
});

t.test('medians are not moved by a few that are far off', async (t) => {
  t.equal(medianOf([3, 1, 2]), 2);
  t.equal(medianOf([4, 1, 2, 3]), 2.5);
  t.equal(medianDeviationOf([60, 61, 59, 60, 9_000]), 1);
  t.ok(Number.isNaN(medianOf([])));
});

t.test('the usual follows slowly, and one outlier does not become it', async (t) => {
  const usual = noUsual(0);
  for (let window = 0; window < 50; window++) addToUsual(usual, window * 10, 10, 100);
  t.equal(Math.round(usualOf(usual)), 100);
  addToUsual(usual, 500, 10, 1e9);
  addToUsual(usual, 510, 10, 100);
  t.ok(usualOf(usual) <= 200, String(usualOf(usual)));
  t.equal(usual.windows, 51);
});

t.test('what is seen once is forgotten by halves', async (t) => {
  const memory = new SharedMemory();
  const seen = new FirstSeen('f', memory, 4);
  for (const key of ['a', 'b', 'c', 'd', 'e']) t.equal(seen.take(key, 1), undefined);
  t.equal(seen.take('c', 2), 1);
  t.equal(seen.take('c', 3), undefined, 'taken is forgotten');
  t.equal(seen.take('a', 4), undefined, 'the older half went');
  t.ok(seen.stats.evicted >= 2);
  t.equal(seen.bytes, memory.used);
  const again = new FirstSeen('f', memory, 4);
  again.load(seen.save());
  t.equal(again.bytes, seen.bytes);
});

t.test('one string for one pair', async (t) => {
  const keys = new KeyMemory();
  t.equal(keys.of('a', 'b'), 'a\0b');
  for (let i = 0; i < 60_000; i++) keys.of('h', String(i));
  t.equal(keys.of('a', 'b'), 'a\0b');
});
