import { join } from 'node:path';
import { sql } from 'kysely';
import t from 'tap';
import { openDatabase } from '../../../../collector/store/control/database.ts';

t.test('a pragma takes effect each time it is given', async (t) => {
  const db = openDatabase(join(t.testdir(), 'control.db'), false);
  t.teardown(() => db.destroy());
  const current = async () =>
    (await sql<{ synchronous: number }>`PRAGMA synchronous`.execute(db)).rows[0]?.synchronous;
  for (let turn = 0; turn < 3; turn++) {
    await sql`PRAGMA synchronous = FULL`.execute(db);
    t.equal(await current(), 2);
    await sql`PRAGMA synchronous = NORMAL`.execute(db);
    t.equal(await current(), 1);
  }
});
