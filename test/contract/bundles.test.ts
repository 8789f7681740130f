/** What every control store must do with bundles of rules, whatever is underneath. */
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type {
  BundleActivation,
  ControlStore,
  NewAuditEntry,
  StoredBundle,
} from '../../collector/store/contract.ts';
import { openControlStore } from '../../collector/store/control/open.ts';

const entry = (action: string): NewAuditEntry => ({
  ...{ at: 5, actor: 'ada', action, target: 'bundle', detail: {} },
});

const bytes = (text: string) => Uint8Array.from(Buffer.from(text));
const textOf = (data: Uint8Array | undefined) =>
  data === undefined ? undefined : Buffer.from(data).toString();

function bundle(version: number, over: Partial<StoredBundle> = {}): StoredBundle {
  return {
    version,
    digest: String(version).repeat(4),
    name: 'fleet',
    expiresAt: 1_900_000_000_000_000,
    minAgentVersion: '0.1.0',
    untested: ['rules/é "x".yml'],
    files: 3,
    sizeBytes: 7,
    addedAt: 1_700_000_000_000_000,
    addedBy: 'ada',
    ...over,
  };
}

function activation(version: number, over: Partial<BundleActivation> = {}): BundleActivation {
  return {
    version,
    digest: 'd',
    at: 10 + version,
    by: 'ada',
    reason: 'why',
    cursor: 0,
    content: bytes(`stated ${version}`),
    trust: bytes(`trust ${version}`),
    snapshot: bytes(`state ${version}`),
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

t.test('bundles are kept whole, and replaced by version', async (t) => {
  const [{ bundles }, other] = await fresh(t);
  t.strictSame(await bundles.list(), []);
  t.equal(await bundles.content(1), undefined);
  t.strictSame(await bundles.put(bundle(1), bytes('first'), 10, entry('bundle.add')), []);
  t.strictSame(await bundles.put(bundle(2), bytes('second'), 10, entry('bundle.add')), []);
  t.strictSame(await other.bundles.list(), [bundle(2), bundle(1)]);
  t.strictSame(await other.bundles.get(1), bundle(1));
  t.equal(textOf(await other.bundles.content(1)), 'first');
  const again = bundle(1, { name: 'other', untested: [] });
  await other.bundles.put(again, bytes('again'), 10, entry('bundle.add'));
  t.strictSame(await bundles.get(1), again);
  t.equal(textOf(await bundles.content(1)), 'again');
});

t.test('the lowest versions go, but never the one in force nor the new one', async (t) => {
  const [store, other] = await fresh(t);
  const { bundles } = store;
  await bundles.put(bundle(2), bytes('2'), 3, entry('bundle.add'));
  await bundles.activate(activation(2), entry('bundle.activate'));
  for (const version of [3, 4]) await bundles.put(bundle(version), bytes('x'), 3, entry('bundle.add'));
  t.strictSame(await bundles.put(bundle(5), bytes('x'), 3, entry('bundle.add')), [3]);
  t.strictSame(await bundles.put(bundle(1), bytes('x'), 3, entry('bundle.add')), [4]);
  t.strictSame(
    (await other.bundles.list()).map((b) => b.version),
    [5, 2, 1],
  );
  const { items } = await store.audit.list({}, 1);
  t.match(items[0], { detail: { removed: '4' } }, 'what went is in the audit log');
});

t.test('a switch takes effect whole: bytes, trust, state of detection and audit entry', async (t) => {
  const [store, other] = await fresh(t);
  const { bundles } = store;
  t.equal(await bundles.inForce(), undefined);
  await bundles.put(bundle(1), bytes('first'), 10, entry('bundle.add'));
  await bundles.activate(activation(1), entry('bundle.activate'));
  const made = { version: 1, digest: 'd', at: 11, by: 'ada', reason: 'why', cursor: 0 };
  t.strictSame(await other.bundles.inForce(), made);
  t.equal(textOf(await other.bundles.content(1)), 'stated 1');
  t.equal((await other.bundles.get(1))?.sizeBytes, 8);
  t.equal(textOf(await other.bundles.trust()), 'trust 1');
  t.equal(textOf((await other.detection.snapshot())?.data), 'state 1');
  await t.rejects(bundles.activate(activation(9), entry('bundle.activate')), { code: 'api.not_found' });
  t.strictSame(await other.bundles.inForce(), made, 'nothing of a switch to what is not there stays');
  t.equal(textOf(await other.bundles.trust()), 'trust 1');
  t.strictSame(await actionsOf(store), ['bundle.add', 'bundle.activate']);
  await bundles.put(bundle(2), bytes('second'), 10, entry('bundle.add'));
  await bundles.activate(activation(2, { snapshot: null }), entry('bundle.activate'));
  await bundles.activate(activation(1, { at: 30 }), entry('bundle.activate'));
  t.strictSame(
    (await bundles.switches(2)).map(({ version, at }) => [version, at]),
    [
      [1, 30],
      [2, 12],
    ],
  );
  await bundles.restate(1, bytes('restated'), bytes('trust 9'), entry('bundle.restate'));
  t.equal(textOf(await other.bundles.content(1)), 'restated');
  t.equal(textOf(await other.bundles.trust()), 'trust 9');
});

t.test('roots only ever grow', async (t) => {
  const [store, other] = await fresh(t);
  t.equal(await store.bundles.trust(), undefined);
  t.equal(await store.bundles.addRoot(1, bytes('one'), bytes('t1'), entry('root.add')), true);
  t.equal(await other.bundles.addRoot(1, bytes('evil'), bytes('t2'), entry('root.add')), false);
  t.equal(await other.bundles.addRoot(2, bytes('two'), bytes('t2'), entry('root.add')), true);
  t.strictSame((await store.bundles.roots()).map(textOf), ['one', 'two']);
  t.equal(textOf(await store.bundles.trust()), 't2');
  t.strictSame(await actionsOf(store), ['root.add', 'root.add'], 'what was refused is not in the log');
});
