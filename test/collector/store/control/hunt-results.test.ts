/** What scheduled hunts found happened on hosts: it is kept encrypted where there is a key, and follows the key. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { KeyRing, makeKeyFile, rotateKeyFile } from '../../../../collector/encryption/key-ring.ts';
import { openControlStore } from '../../../../collector/store/control/open.ts';
import { tempFolder } from '../../../temp.ts';

t.test('rows and reasons of failures are in no file in the clear', async (t) => {
  const folder = tempFolder(t);
  const file = join(tempFolder(t), 'keys');
  makeKeyFile(file);
  const open = () =>
    openControlStore(join(folder, 'control.db'), { durable: false, ring: new KeyRing(file) });
  let store = await open();
  const entry = { at: 1, actor: 'ada', action: 'hunt-schedule.set', target: 'hunt', detail: {} };
  const schedule = {
    ...{ hunt: 'mine', everyS: 60, dailyMinute: null, spanS: 60, level: null, parameters: {} },
    ...{ isEnabled: true, changedAt: 1, changedBy: 'ada', nextAt: 5, last: null },
  } as const;
  t.ok(await store.huntSchedules.put(schedule, 1, entry));
  t.notOk(await store.huntSchedules.put({ ...schedule, hunt: 'other' }, 1, entry), 'no more than may be');
  t.ok(await store.huntSchedules.begin('mine', { dueAt: 5, startedAt: 6 }, 10));
  const run = { dueAt: 5, startedAt: 6, endedAt: 7, rows: 1, newRows: 1, isCut: false };
  const result = {
    columns: [{ name: 'a', type: 'VARCHAR' }],
    rows: [['SECRET-ROW']],
    fresh: [0],
    foundAt: 7,
  };
  await store.huntSchedules.end('mine', { ...run, error: 'hunt.invalid: SECRET-WHY' }, result);
  const stored = () =>
    readdirSync(folder)
      .map((name) => readFileSync(join(folder, name)).toString('latin1'))
      .join('');
  t.notMatch(stored(), /SECRET/);
  t.same(await store.huntSchedules.result('mine'), result);
  t.match((await store.huntSchedules.get('mine'))?.last, { error: 'hunt.invalid: SECRET-WHY' });
  await store.close();

  rotateKeyFile(file);
  store = await open();
  t.teardown(() => store.close());
  t.equal(await store.reseal(), 2, 'both follow the key in force');
  t.same(await store.huntSchedules.result('mine'), result);
  t.equal(await store.reseal(), 0);
});
