import t from 'tap';
import { pauseAfter } from '../../../collector/ingest/snapshot-clock.ts';

t.test('snapshots wait for thread and disk, but not for long', async (t) => {
  t.equal(pauseAfter(1, 1_000, 10_000), 10_000, 'a small one');
  t.equal(pauseAfter(1, 300_000, 10_000), 30_000, 'ten kilobytes a second');
  t.equal(pauseAfter(1, 50_000_000, 10_000), 60_000, 'a minute at most');
  t.equal(pauseAfter(2_000, 1_000, 10_000), 100_000, 'a fiftieth of the thread');
  t.equal(pauseAfter(1, null, 10_000), 10_000, 'none was made');
});
