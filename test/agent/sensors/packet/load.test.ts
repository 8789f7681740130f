import t from 'tap';
import { EventRate } from '../../../../agent/sensors/packet/event-rate.ts';
import { LoadControl } from '../../../../agent/sensors/packet/load-control.ts';

/** Spends this share of the time until something is said, in looks of a quarter of a second; gives when and what. */
function until(load: LoadControl, fromMs: number, share: number, mostMs = 10 * 3_600_000) {
  for (let ms = fromMs + 250; ms <= fromMs + mostMs; ms += 250) {
    const verdict = load.measure(250 * share, ms, false);
    if (verdict !== undefined) return { verdict, ms, after: ms - fromMs };
  }
  return undefined;
}

t.test('narrow soon when over the bound, widen late, and later each time it was too early', async (t) => {
  const load = new LoadControl(0.02, 0);
  t.equal(until(load, 0, 0.015, 600_000), undefined, 'under the bound, but not far under: nothing');
  const first = until(load, 600_000, 0.05);
  t.match(first, { verdict: 'narrow' });
  t.ok((first?.after ?? 0) <= 4000);
  let at = first?.ms ?? 0;
  let before = 0;
  for (let i = 0; i < 4; i++) {
    const wide = until(load, at, 0.001);
    t.match(wide, { verdict: 'widen' });
    t.ok((wide?.after ?? 0) > before, `after ${wide?.after} ms`);
    before = wide?.after ?? 0;
    const narrow = until(load, wide?.ms ?? 0, 0.05);
    t.match(narrow, { verdict: 'narrow' });
    at = narrow?.ms ?? 0;
  }
  t.equal(load.measure(1, at + 1, true), 'narrow', 'an overrun is told at once');
});

t.test('a burst does not narrow', async (t) => {
  const load = new LoadControl(0.02, 0);
  t.equal(load.measure(60, 250, false), undefined);
  t.equal(until(load, 250, 0, 30_000), undefined);
});

t.test('events per second: a burst passes, what is beyond is declared once', async (t) => {
  const rate = new EventRate(10, 0);
  const admitted = (count: number) =>
    Array.from({ length: count }, () => rate.admit('dns.query')).filter(Boolean).length;
  t.equal(admitted(100), 40);
  rate.refill(1000);
  t.equal(admitted(100), 10);
  rate.miss(7);
  t.equal(rate.lost, 157);
  const events = rate.declare();
  t.match(events, [
    { 'loss.count': 150, 'loss.types': ['dns.query=150'], 'loss.sensor': 'packet' },
    { 'loss.count': 7, 'loss.types': undefined },
  ]);
  t.same(rate.declare(), []);
});
