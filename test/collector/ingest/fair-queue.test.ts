import fc from 'fast-check';
import t from 'tap';
import { FairQueue } from '../../../collector/ingest/fair-queue.ts';
import { Shares } from '../../../collector/ingest/shares.ts';

t.test('a host with a long queue makes no other wait', async (t) => {
  const queue = new FairQueue<{ hostId: string; n: number }>();
  for (let n = 0; n < 1000; n++) queue.add({ hostId: 'busy', n });
  t.equal(queue.take(64).length, 64);
  queue.add({ hostId: 'quiet', n: 0 });
  queue.add({ hostId: 'other', n: 0 });
  const next = queue.take(4).map(({ hostId }) => hostId);
  t.strictSame(next, ['busy', 'quiet', 'other', 'busy']);
});

t.test('each host in order, nothing left out, nobody passed over twice in a row', async () => {
  const hosts = fc.array(fc.constantFrom<string>('a', 'b', 'c', 'd'), { maxLength: 200 });
  fc.assert(
    fc.property(hosts, fc.integer({ min: 1, max: 9 }), (order, limit) => {
      const queue = new FairQueue<{ hostId: string; n: number }>();
      for (const [n, hostId] of order.entries()) queue.add({ hostId, n });
      const waiting = Map.groupBy(
        order.map((hostId, n) => ({ hostId, n })),
        (item) => item.hostId,
      );
      let served: string[] = [];
      while (queue.count > 0) {
        for (const item of queue.take(limit)) {
          if (waiting.get(item.hostId)?.shift()?.n !== item.n) return false;
          // Served again only once every other that waits has been.
          if (served.includes(item.hostId)) {
            if ([...waiting].some(([id, left]) => left.length > 0 && !served.includes(id))) return false;
            served = [];
          }
          served.push(item.hostId);
        }
      }
      return [...waiting.values()].every((left) => left.length === 0);
    }),
  );
});

t.test('busy hosts share half the backlog between them', async (t) => {
  const mib = 1024 ** 2;
  const shares = new Shares(mib, 64 * mib);
  t.equal(shares.credit(), mib);
  for (let n = 0; n < 64; n++) shares.add(`h${n}`, 1000);
  t.equal(shares.credit(), mib / 2);
  for (let n = 0; n < 10_000; n++) shares.add(`h${n}`, 1000);
  t.equal(shares.credit(), 64 * 1024, 'but never less than a batch of usual size');
  for (let n = 0; n < 10_000; n++) shares.done(`h${n}`, 2000);
  t.equal(shares.credit(), mib);
  shares.add('again', 6 * mib + 1);
  t.ok(shares.isOver('again'));
  shares.done('again', 2 * mib);
  t.notOk(shares.isOver('again'));
});
