/** New alerts are told of at once; one that goes on is told of at a bounded rate, as it last stood. */
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { AlertUpdates, type RaisedAlertMessage } from '../../../collector/alerts/alert-updates.ts';
import type { Alert } from '../../../collector/store/contract.ts';
import { newAlert } from '../store/control/new-alert.ts';

const alert = (id: string, count: number): Alert => ({
  ...newAlert(id, { count }),
  ...{ status: 'open', changedAt: null, changedBy: null, note: null, verdict: null },
  ...{ key: 'k', confidence: 60, confidenceReason: '', response: null, entity: {}, samples: [] },
  ...{ previousId: null, storyId: null, tree: null },
});

t.test('merged, in the order of time, nothing kept back at the end', async (t) => {
  const told: RaisedAlertMessage[] = [];
  const updates = new AlertUpdates((message) => told.push(message));
  const said = () => told.splice(0).map(({ alert: { id, count }, isNew }) => [id, count, isNew]);
  updates.add({ alert: alert('a', 1), isNew: true });
  t.same(said(), [['a', 1, true]]);
  for (let count = 2; count <= 500; count++) updates.add({ alert: alert('a', count), isNew: false });
  t.same(said(), []);
  t.equal(updates.merged, 498);
  updates.add({ alert: alert('b', 1), isNew: true });
  t.same(said(), [['b', 1, true]], 'one that is new waits for none');
  while (told.length === 0) await sleep(20);
  t.same(said(), [['a', 500, false]]);
  for (let i = 0; i < 1000; i++) updates.add({ alert: alert(`x${i}`, 2), isNew: false });
  t.equal(said().length, 1000, 'no more than that wait');
  updates.add({ alert: alert('a', 501), isNew: false });
  updates.close();
  t.same(said(), [['a', 501, false]]);
});
