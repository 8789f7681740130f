/** A hunt that nobody reads any more gives its turn back, whenever they left. */

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { Hunts, maxRunning } from '../../../collector/hunt/hunts.ts';
import { openControlStore } from '../../../collector/store/control/open.ts';
import { tempFolder } from '../../temp.ts';
import { hunting } from '../store/events/hunting.ts';

t.test('left before the first part was read', async (t) => {
  const events = hunting(t);
  const control = await openControlStore(join(tempFolder(t), 'control.db'), { durable: false });
  t.teardown(() => control.close());
  const hunts = new Hunts({ sql: events.engine, store: control.hunts, audit: async () => undefined });
  const order = {
    ...{ sql: 'SELECT range AS n FROM range(10000000)', parameters: {}, maxRows: 1e7, timeoutMs: 600_000 },
    by: 'ada',
  };
  for (let i = 0; i < maxRunning; i++) {
    const gone = new AbortController();
    await hunts.stream({ ...order, signal: gone.signal }, 'arrays');
    t.equal(hunts.running().length, 1);
    gone.abort();
    while (hunts.running().length > 0) await sleep(20);
  }
  const { parts } = await hunts.stream(
    { ...order, sql: 'SELECT 1 AS one', signal: new AbortController().signal },
    'arrays',
  );
  const kinds = [];
  for await (const { part } of parts) kinds.push(part);
  t.ok(kinds.includes('end'), 'and others have theirs');
});
