/** A collector whose store is encrypted, as an admin would run it: one flag, the same answers, rotation, nothing in the clear. */
import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { StatusJson } from '../../collector/api/json/status.ts';
import { keyVariable } from '../../collector/encryption/key-ring.ts';
import { openJournalWriter } from '../../collector/store/journal/writer.ts';
import { batchOf, numberedAlarm } from '../events.ts';
import { tempFolder } from '../temp.ts';
import { Server, vedette, vedetteJson } from '../vedette.ts';

const secret = 'nobody-is-to-read-this';
const rule = `title: Secret alarm
id: 0d9c3c35-2f1c-4a31-9d0b-8a9f4c1f2e77
status: test
logsource:
  category: account_change
detection:
  it:
    event.action: user-removed
    user.name|endswith: '7'
  condition: it
level: high
`;
const settings = { sealEvents: 1000, sealMs: 1000 };

interface Hunted {
  readonly rows: readonly { readonly n: number }[];
}

function files(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

const exposed = (folder: string) => files(folder).filter((file) => readFileSync(file).includes(secret));

/** A data folder with a rule, and batches that detection has not seen. */
async function prepare(folder: string): Promise<string> {
  const data = join(folder, 'data');
  mkdirSync(join(data, 'rules'), { recursive: true, mode: 0o700 });
  writeFileSync(join(data, 'collector.json'), JSON.stringify(settings));
  writeFileSync(join(data, 'rules', 'secret.yml'), rule);
  const writer = openJournalWriter(join(data, 'journal.db'));
  let collected = 0;
  for (let sequence = 1; sequence <= 3; sequence++) {
    const events = Array.from({ length: 400 }, (_, i) => ({
      ...numberedAlarm(i),
      time: 1_790_000_000_000_000 + sequence * 1000 + i,
      'user.name': `${secret}-${sequence * 1000 + i}`,
    }));
    const batch = batchOf(...events);
    const { counts, minTime, maxTime, count } = batch;
    collected += count;
    await writer.append([
      {
        ...{ hostId: 'a'.repeat(16), stream: 'b'.repeat(16), sequence, collected, stored: count },
        ...{ lost: {}, counts, minTime, maxTime, receivedAt: maxTime, data: batch.data },
      },
    ]);
  }
  await writer.close();
  return data;
}

const start = (t: Test, data: string, ...args: readonly string[]) =>
  Server.start(t, 'collector', '--port', '0', '--agent-port', '0', '--data', data, ...args);

/** What is stored, once all of it is under the key in force. */
async function settled(data: string): Promise<StatusJson['storage']['encryption']> {
  for (;;) {
    const { storage } = vedetteJson<StatusJson>('status', '--data', data);
    const { key, stored, isPending } = storage.encryption;
    if (!isPending && storage.segments.files > 0 && stored.every((use) => use.key === key))
      return storage.encryption;
    await sleep(200);
  }
}

const hunted = (data: string) =>
  vedetteJson<Hunted>('hunt', 'SELECT count(*) AS n FROM account.change', '--data', data).rows[0]?.n;
const alarms = (data: string) =>
  vedetteJson<readonly { readonly reason: string }[]>('alerts', '--limit', '500', '--data', data);

t.test(
  'a store that was in the clear is encrypted, asked, rotated, and of no use without its keys',
  async (t) => {
    const folder = tempFolder(t);
    const data = await prepare(folder);
    const keys = join(folder, 'keys');
    let server = await start(t, data, '--encryption-key-file', keys);
    t.equal(statSync(keys).mode & 0o777, 0o600, 'the key file was made');
    const { key } = await settled(data);
    t.ok(key !== null);
    t.equal(hunted(data), 1200);
    t.equal(vedetteJson<readonly unknown[]>('events', `user.name:*-1007`, '--data', data).length, 1);
    const found = alarms(data);
    t.ok(
      found.length >= 100 && found.every(({ reason }) => reason.includes(secret)),
      `${found.length} alerts`,
    );
    t.match(vedette('status', '--data', data).stdout, `encryption under key ${key}`);
    await server.end('SIGTERM');
    t.same(exposed(data), [], 'journal, segments, control database, logs');

    // A flag or key that is missing refuses the start and changes nothing.
    for (const [args, code] of [
      [[], 'encryption.key_missing'],
      [['--encryption-key-file', join(folder, 'other')], 'encryption.key_missing'],
    ] as const) {
      const run = vedette('collector', '--port', '0', '--agent-port', '0', '--data', data, ...args);
      t.equal(run.status, 1);
      t.match(run.stderr, code);
    }
    t.notOk(files(folder).includes(join(folder, 'other')), 'and no new key is made beside what is encrypted');

    server = await start(t, data, '--encryption-key-file', keys);
    const rotated = vedetteJson<{ key: string }>('encryption', 'rotate', keys).key;
    while ((await settled(data)).key !== rotated) await sleep(200);
    t.match(vedette('encryption', 'status', '--data', data).stdout, `Key ${rotated} is in force.`);
    t.equal(hunted(data), 1200);
    t.same(alarms(data), found);
    await server.end('SIGTERM');
    // The key of before is not needed any more.
    const [note, current] = readFileSync(keys, 'utf8').split('\n');
    renameSync(keys, `${keys}.before`);
    writeFileSync(keys, `${note}\n${current}\n`, { mode: 0o600 });
    server = await start(t, data, '--encryption-key-file', keys);
    t.equal(hunted(data), 1200);
    t.same(alarms(data), found);
    t.equal(vedette('encryption', 'off', keys).status, 0);
    while ((await settled(data)).key !== null) await sleep(200);
    t.equal(hunted(data), 1200);
    await server.end('SIGTERM');
    server = await start(t, data);
    t.same(alarms(data), found, 'and in the clear again no key is needed');
  },
);

t.test('keys from the environment', async (t) => {
  const data = await prepare(tempFolder(t));
  process.env[keyVariable] = Buffer.alloc(32, 7).toString('base64');
  t.teardown(() => delete process.env[keyVariable]);
  const server = await start(t, data);
  t.ok((await settled(data)).key !== null);
  t.equal(hunted(data), 1200, 'hunts have them too');
  await server.end('SIGTERM');
  t.same(exposed(data), []);
});

t.test('the key commands', async (t) => {
  const keys = join(tempFolder(t), 'keys');
  t.match(vedetteJson('encryption', 'keygen', keys), { file: keys, key: /^[0-9a-f]{8}$/ });
  const again = vedette('encryption', 'keygen', keys);
  t.equal(again.status, 2);
  t.match(again.stderr, 'is there already');
  t.match(vedette('encryption', 'rotate', keys).stdout, /^Key [0-9a-f]{8} is in force now\./);
  t.match(vedette('encryption', 'rotate', `${keys}-none`).stderr, 'encryption.key_missing');
  t.match(vedette('encryption', '--help').stdout, 'keep a copy elsewhere');
});
