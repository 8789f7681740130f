/** What every control store must do with saved hunts, whatever is underneath. */
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { ControlStore, NewAuditEntry, SavedHunt } from '../../collector/store/contract.ts';
import { openControlStore } from '../../collector/store/control/open.ts';

const entry = (action: string): NewAuditEntry => ({
  ...{ at: 5, actor: 'ada', action, target: 'hunt a', detail: {} },
});

function hunt(name: string, over: Partial<SavedHunt> = {}): SavedHunt {
  return {
    name,
    title: 'Shells',
    description: 'Finds "shells"; it\u2019s \u{1f41a}',
    tags: ['attack.t1059'],
    parameters: [
      { name: 'n', type: 'int', doc: 'how many', default: '3' },
      { name: 'w', type: 'text', doc: '', default: null },
    ],
    sql: "SELECT 'x' -- \n $n",
    savedAt: 1_700_000_000_000_000,
    savedBy: 'ada',
    ...over,
  };
}

/** Two connections to one store. */
async function fresh(t: Test): Promise<readonly [ControlStore, ControlStore]> {
  const path = join(t.testdir(), 'control.db');
  const open = () => openControlStore(path, { durable: false });
  const [one, two] = [await open(), await open()];
  t.teardown(async () => {
    await one.close();
    await two.close();
  });
  return [one, two];
}

const actionsOf = async ({ audit }: ControlStore) =>
  (await audit.list({}, 500)).items.map((e) => e.action).reverse();

t.test('kept whole, replaced by name, removed; each step in the audit log', async (t) => {
  const [store, other] = await fresh(t);
  t.strictSame(await store.hunts.list(), []);
  t.equal(await store.hunts.get('a'), undefined);
  t.equal(await store.hunts.put(hunt('b'), 10, entry('hunt.save')), true);
  t.equal(await store.hunts.put(hunt('a'), 10, entry('hunt.save')), true);
  t.strictSame(await other.hunts.get('a'), hunt('a'));
  const changed = hunt('a', { title: 'Other', parameters: [], savedBy: 'bob' });
  t.equal(await other.hunts.put(changed, 10, entry('hunt.save')), true);
  t.strictSame(await store.hunts.list(), [changed, hunt('b')]);
  t.equal(await store.hunts.remove('a', entry('hunt.remove')), true);
  t.equal(await other.hunts.remove('a', entry('hunt.remove')), false);
  t.strictSame(await other.hunts.list(), [hunt('b')]);
  t.strictSame(await actionsOf(store), ['hunt.save', 'hunt.save', 'hunt.save', 'hunt.remove']);
});

t.test('there are so many at most; one that is there may still be changed', async (t) => {
  const [store, other] = await fresh(t);
  const put = await Promise.all(
    Array.from({ length: 10 }, (_, i) =>
      (i % 2 ? store : other).hunts.put(hunt(`h${i}`), 4, entry('hunt.save')),
    ),
  );
  t.equal(put.filter(Boolean).length, 4);
  const [kept] = await store.hunts.list();
  t.equal(await store.hunts.put(hunt(kept?.name as string, { title: 'New' }), 4, entry('hunt.save')), true);
  t.equal((await actionsOf(store)).length, 5, 'what was refused is not in the log');
});
