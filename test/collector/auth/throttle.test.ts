import t from 'tap';
import { FailureBook } from '../../../collector/auth/failure-book.ts';
import { networkOf, SignInThrottle } from '../../../collector/auth/sign-in-throttle.ts';

const bounds = { free: 2, firstWaitMs: 100, maxWaitMs: 1000, forgetMs: 60_000, maxKeys: 3 };

t.test('the wait doubles up to its bound, and is forgotten after a while', (t) => {
  const book = new FailureBook(bounds);
  const waits: number[] = [];
  let now = 0;
  for (let n = 0; n < 8; n++) {
    book.begin('k', now);
    const allowance = book.look('k', now);
    waits.push(allowance.isAllowed ? 0 : allowance.waitMs);
    now += allowance.isAllowed ? 0 : allowance.waitMs;
  }
  t.same(waits, [0, 0, 100, 200, 400, 800, 1000, 1000]);
  book.begin('k', now);
  t.match(book.look('k', now), { isAllowed: false, isFirst: true });
  t.match(book.look('k', now), { isAllowed: false, isFirst: false }, 'told once in a wait');
  t.equal(book.counters.refused, 8);
  now += 60_001;
  book.begin('k', now);
  t.match(book.look('k', now), { isAllowed: true });
  t.end();
});

t.test('who succeeds takes a try back; keys are bounded', (t) => {
  const book = new FailureBook(bounds);
  for (let n = 0; n < 3; n++) book.begin('k', 0);
  t.equal(book.look('k', 0).isAllowed, false);
  book.takeBack('k');
  t.equal(book.look('k', 0).isAllowed, true);
  for (const key of ['a', 'b', 'c', 'd']) book.begin(key, 0);
  t.equal(book.size, 3);
  t.equal(book.counters.forgotten, 2);
  t.end();
});

t.test('networks: an IPv4 address however written, a /64 of IPv6', (t) => {
  t.equal(networkOf('192.0.2.7'), '192.0.2.7');
  t.equal(networkOf('::ffff:192.0.2.7'), '192.0.2.7');
  t.equal(networkOf('2001:db8:1:2:3:4:5:6'), networkOf('2001:db8:1:2::9'));
  t.not(networkOf('2001:db8:1:2::9'), networkOf('2001:db8:1:3::9'));
  t.equal(networkOf('nonsense'), 'nonsense');
  t.end();
});

t.test('an attacker elsewhere, or in many places, cannot lock a known browser out', (t) => {
  let now = 0;
  const throttle = new SignInThrottle(() => now);
  const guess = (address: string, user = 'ada') => {
    try {
      throttle.begin({ user, address, device: undefined });
      return 'tried';
    } catch (error) {
      return (error as { retryAfterS: number }).retryAfterS;
    }
  };
  const fromOne = Array.from({ length: 8 }, () => guess('192.0.2.1'));
  t.same(fromOne, ['tried', 'tried', 'tried', 'tried', 'tried', 'tried', 1, 1]);
  t.equal(guess('192.0.2.2'), 'tried', 'another network');
  t.equal(guess('192.0.2.1', 'bob'), 'tried', 'another user');
  for (let n = 0; n < 30; n++) guess('192.0.2.3', `user-${n}`);
  t.type(guess('192.0.2.3', 'carol'), 'number', 'a network that tries many users');
  for (let n = 0; n < 200; n++) guess(`198.51.100.${n}`);
  const wait = guess('203.0.113.9');
  t.ok(
    typeof wait === 'number' && wait <= 60,
    'guessed at from everywhere, a stranger waits a minute at most',
  );
  const own = { user: 'ada', address: '203.0.113.9', device: 'd1' };
  t.doesNotThrow(() => throttle.begin(own), 'a browser that signed in before does not');
  throttle.succeeded(own);
  for (let n = 0; n < 11; n++) throttle.begin(own);
  t.throws(() => throttle.begin(own), { code: 'api.too_many_requests' }, 'its own allowance is bounded too');
  t.ok(throttle.counters.refused > 0);
  now += 3_600_001;
  t.equal(guess('192.0.2.1'), 'tried');
  t.end();
});
