/** What is stored under a key is nowhere in the clear, is the same when it is read, and follows the key in force. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { EventRow } from '#shared/schema/columns.ts';
import {
  KeyRing,
  keyVariable,
  makeKeyFile,
  rotateKeyFile,
  turnOffKeyFile,
} from '../../../collector/encryption/key-ring.ts';
import {
  seal,
  sealedUnder,
  sealText,
  textKey,
  unseal,
  unsealText,
} from '../../../collector/encryption/sealed.ts';
import { Snapshots } from '../../../collector/store/events/sql/snapshot.ts';
import { eventTypes } from '../../../collector/store/events/sql/views.ts';
import { openDatabase } from '../../../collector/store/journal/database.ts';
import { openJournalReader } from '../../../collector/store/journal/reader.ts';
import { openJournalWriter } from '../../../collector/store/journal/writer.ts';
import { keyUse } from '../../../collector/store/key-use.ts';
import { Compactor } from '../../../collector/store/segments/compactor.ts';
import { Manifest } from '../../../collector/store/segments/manifest.ts';
import { resealBatches } from '../../../collector/store/segments/reseal-batches.ts';
import { Sealer } from '../../../collector/store/segments/sealer.ts';
import { randomOf, sampleEvents } from '../../../scripts/bench/sample-events.ts';
import { tempFolder } from '../../temp.ts';
import { append, everything } from './segments/stored.ts';

const wide = { maxEvents: 1_000_000, maxBytes: 1 << 30 };
const secret = 'nobody-is-to-read-this';
const start = Date.UTC(2026, 10, 1) * 1000;

/** Batches of events of all kinds, each event with the secret in one of its texts. */
function batches(count: number, seed: number, size = 50): EventRow[][] {
  const random = randomOf(seed);
  return Array.from({ length: count }, (_, i) =>
    (sampleEvents(random, size, start + i * 1_000_000) as unknown as EventRow[]).map((event) => {
      const texts = ['process.command_line', 'file.path', 'user.name', 'package.name'] as const;
      const field = texts.find((name) => event[name] !== undefined);
      return field === undefined ? event : { ...event, [field]: `${secret} ${String(event[field])}` };
    }),
  );
}

function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** Files that hold the secret as it is. Compressed parts are not looked into. */
const exposed = (folder: string) => files(folder).filter((file) => readFileSync(file).includes(secret));

function open(t: Test, keyFile: string) {
  const root = tempFolder(t);
  const folder = join(root, 'segments');
  const path = join(root, 'journal.db');
  mkdirSync(folder);
  const ring = () => new KeyRing(keyFile);
  const writer = openJournalWriter(path, undefined, ring());
  const db = openDatabase(path, false);
  const bounds = { fullRows: 1_000_000, minSegments: 2 };
  const compactor = new Compactor(db, folder, ring(), bounds);
  t.teardown(async () => {
    await writer.close();
    db.close();
  });
  return { root, path, folder, ring, writer, db, compactor, sealer: new Sealer(db, folder, ring()) };
}

const keysOf = (folder: string) => join(folder, 'keys');

t.test('key files', async (t) => {
  const folder = tempFolder(t);
  const file = keysOf(folder);
  const first = makeKeyFile(file);
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.equal(new KeyRing(file).current?.id, first);
  const second = rotateKeyFile(file);
  t.not(second, first);
  t.equal(new KeyRing(file).current?.id, second);
  t.same(new KeyRing(file).ids, [second, first]);
  turnOffKeyFile(file);
  const off = new KeyRing(file);
  t.equal(off.current, undefined);
  t.same(off.ids, [second, first], 'and the keys stay');
  t.equal(new KeyRing(file).current, undefined);
  t.equal(rotateKeyFile(file), new KeyRing(file).current?.id, 'a new key turns it on again');
  t.equal(new KeyRing(file).ids.length, 3);

  chmodSync(file, 0o640);
  t.throws(() => new KeyRing(file), { code: 'encryption.key_exposed' });
  t.throws(() => new KeyRing(join(folder, 'none')), { code: 'encryption.key_missing' });
  for (const text of [
    '',
    '# only a note\n',
    'off\n',
    'c2hvcnQ=\n',
    `${'A'.repeat(44)}\n`,
    'not base64 at all',
  ]) {
    writeFileSync(file, text);
    chmodSync(file, 0o600);
    t.throws(() => new KeyRing(file), { code: 'encryption.key_invalid' }, JSON.stringify(text));
  }
  const key = Buffer.alloc(32, 7).toString('base64');
  t.equal(
    new KeyRing('', { [keyVariable]: `${key},${Buffer.alloc(32, 8).toString('base64')}` }).ids.length,
    2,
  );
  t.equal(new KeyRing('', {}).current, undefined);
  t.throws(() => new KeyRing('', { [keyVariable]: 'x' }), { code: 'encryption.key_invalid' });
});

t.test('a key added to the file is taken up while running', async (t) => {
  const file = keysOf(tempFolder(t));
  makeKeyFile(file);
  const ring = new KeyRing(file);
  const before = ring.current?.id;
  const id = rotateKeyFile(file);
  t.equal(ring.byId(id).id, id, 'at once where it is met');
  while (ring.current?.id === before) await sleep(50);
  t.equal(ring.current?.id, id, 'and soon where it is written with');
  t.throws(() => ring.byId('00000000'), { code: 'encryption.key_missing' });
});

t.test('values open only where they were sealed, and unchanged', async (t) => {
  const file = keysOf(tempFolder(t));
  makeKeyFile(file);
  const ring = new KeyRing(file);
  const bytes = Buffer.from('some bytes');
  const sealed = Buffer.from(seal(bytes, ring.current, 'here'));
  t.equal(sealedUnder(sealed), ring.current?.id);
  t.same(unseal(sealed, ring, 'here'), bytes);
  t.same(unseal(bytes, ring, 'here'), bytes, 'what is in the clear stays');
  t.same(seal(bytes, undefined, 'here'), bytes);
  t.throws(() => unseal(sealed, ring, 'there'), { code: 'data.corrupt' });
  t.throws(() => unseal(sealed, new KeyRing('', {}), 'here'), { code: 'encryption.key_missing' });
  for (let i = 8; i < sealed.length; i++) {
    const broken = Buffer.from(sealed);
    broken[i] = (broken[i] as number) ^ 1;
    t.throws(() => unseal(broken, ring, 'here'), { code: 'data.corrupt' });
    if (i < 20) continue;
    t.throws(() => unseal(sealed.subarray(0, i), ring, 'here'), { code: 'data.corrupt' });
  }
  const text = sealText('grüße', ring.current, 'here');
  t.equal(textKey(text), ring.current?.id);
  t.equal(unsealText(text, ring, 'here'), 'grüße');
  t.equal(textKey('grüße'), undefined);
});

t.test('journal, segments and merged segments hold nothing in the clear, and the same events', async (t) => {
  const file = keysOf(tempFolder(t));
  makeKeyFile(file);
  const { root, folder, ring, writer, db, sealer, compactor, path } = open(t, file);
  const plain = open(t, '');
  for (const one of [{ writer }, plain]) await append(one.writer, batches(21, 1));
  const before = await everything(plain.db, plain.folder);
  t.equal(before.size, 21 * 50);
  t.same(await everything(db, folder, ring()), before);
  const reader = openJournalReader(path, ring());
  t.teardown(() => reader.close());
  t.equal((await reader.forward(0, 100)).length, 21);

  for (let id = 4; id <= 20; id += 4) sealer.run(id, wide, id);
  t.same(await everything(db, folder, ring()), before, 'sealed');
  while (compactor.step(1000) !== undefined);
  t.ok(
    new Manifest(db).list().every(({ path, key }) => path.includes('merged') && key === ring().current?.id),
  );
  t.same(await everything(db, folder, ring()), before, 'merged');
  t.same(keyUse(db), [{ key: ring().current?.id, segments: new Manifest(db).totals().files, batches: 1 }]);

  const tail = join(root, 'tail');
  mkdirSync(tail);
  const snapshots = new Snapshots(path, folder, tail, ring());
  t.teardown(() => snapshots.close());
  const snapshot = await snapshots.take(new Set(eventTypes), Number.POSITIVE_INFINITY);
  t.ok(snapshot.tail.length > 0 && snapshot.tail.every(({ key }) => key === ring().current?.id));
  for (const { path } of [...snapshot.tail]) t.match(readFileSync(path).subarray(0, 4).toString(), 'PARE');
  t.same(exposed(root), []);
  await t.rejects(everything(db, folder), { code: 'encryption.key_missing' });
});

t.test('large row groups are taken over as they are, under the same key or another', async (t) => {
  const file = keysOf(tempFolder(t));
  makeKeyFile(file);
  const { folder, ring, writer, db, sealer, compactor } = open(t, file);
  const size = 32_768;
  const one = (b: number): EventRow[] =>
    Array.from({ length: size }, (_, i) => ({
      ...{ type: 'process.start', time: start + i * 1000 + b },
      'process.entity_id': `e${b}-${i}`,
      'process.name': secret,
    }));
  await append(writer, [0, 1, 2].map(one));
  const before = await everything(db, folder, ring());
  sealer.run(1, wide, 1);
  rotateKeyFile(file);
  await sleep(1100);
  sealer.run(2, wide, 2);
  t.equal(new Set(new Manifest(db).list().map(({ key }) => key)).size, 2);
  const merged = compactor.step(9);
  t.match(merged, { rows: 2 * size, key: ring().current?.id });
  t.same(await everything(db, folder, ring()), before);
});

t.test('what is stored follows the key in force: from the clear, to another key, and back', async (t) => {
  const file = keysOf(tempFolder(t));
  const plain = open(t, '');
  await append(plain.writer, batches(9, 2));
  plain.sealer.run(4, wide, 1);
  const before = await everything(plain.db, plain.folder);

  const follow = async () => {
    const ring = new KeyRing(file);
    const compactor = new Compactor(plain.db, plain.folder, ring, {
      fullRows: 1,
      minSegments: 2,
    });
    resealBatches(plain.db, ring);
    while (compactor.step(Date.now() * 1000) !== undefined);
    t.same(await everything(plain.db, plain.folder, ring), before);
    const size = 'SELECT size FROM total UNION ALL SELECT sum(length(data)) FROM batch';
    const sizes = plain.db.prepare(size).pluck().all();
    t.equal(sizes[0], sizes[1], 'and its size is known');
    return keyUse(plain.db).map(({ key }) => key);
  };
  const first = makeKeyFile(file);
  t.same(await follow(), [first]);
  const second = rotateKeyFile(file);
  t.same(await follow(), [second]);
  turnOffKeyFile(file);
  t.same(await follow(), [null]);
  t.ok(existsSync(file));
});
