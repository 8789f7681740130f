import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { generateKey, keyIdOf, publicKeyOf, signText } from '#shared/bundle/key.ts';
import {
  publicKeyFileOf,
  readKeyFile,
  readPublicKeyFile,
  writeKeyFile,
} from '../../../collector/bundles/key-file.ts';
import { openOnlineKeys } from '../../../collector/bundles/online-keys.ts';
import { tempFolder } from '../../temp.ts';

const passphrase = 'correct horse battery';
const key = generateKey();
const never = () => t.fail('nobody asks for the passphrase of a plain key') as never;

t.test('a locked key comes back with its passphrase only', async (t) => {
  const path = join(tempFolder(t), 'a.key');
  writeKeyFile(path, key, 'alice', passphrase);
  t.equal(statSync(path).mode & 0o777, 0o600);
  const seed = Buffer.from(key.export({ format: 'jwk' }).d as string, 'base64url');
  const text = readFileSync(path, 'utf8');
  t.notOk(text.includes(seed.toString('hex')) || text.includes(seed.toString('base64url')));
  const read = await readKeyFile(path, () => passphrase);
  t.match(read, { name: 'alice', keyId: keyIdOf(publicKeyOf(key)) });
  t.equal(signText('signing', 'x', read.key), signText('signing', 'x', key));
  await t.rejects(
    readKeyFile(path, () => `${passphrase}.`),
    { code: 'key.locked' },
  );
  const again = join(tempFolder(t), 'b.key');
  writeKeyFile(again, key, 'alice', passphrase);
  t.not(readFileSync(again, 'utf8'), text, 'salt and nonce are new each time');
});

t.test('a key is never written over another', async (t) => {
  const path = join(tempFolder(t), 'a.key');
  writeKeyFile(path, key, 'alice', null);
  t.throws(() => writeKeyFile(path, generateKey(), 'mallory', null), { code: 'key.exists' });
  t.equal((await readKeyFile(path, never)).name, 'alice');
});

t.test('a key that others may read, or that was changed, is not used', async (t) => {
  const path = join(tempFolder(t), 'a.key');
  writeKeyFile(path, key, 'alice', null);
  chmodSync(path, 0o640);
  await t.rejects(readKeyFile(path, never), { code: 'key.exposed' });
  chmodSync(path, 0o600);
  const file = JSON.parse(readFileSync(path, 'utf8'));
  const put = (change: object) => writeFileSync(path, JSON.stringify({ ...file, ...change }));
  for (const change of [
    { publicKey: publicKeyOf(generateKey()) },
    { plain: 'ff'.repeat(32) },
    { plain: '' },
    { type: 'other' },
    { publicKey: 5 },
  ]) {
    put(change);
    await t.rejects(readKeyFile(path, never), { code: 'key.unreadable' }, JSON.stringify(change));
  }
  writeFileSync(path, 'x'.repeat(20_000));
  await t.rejects(readKeyFile(path, never), { code: 'key.unreadable' });
  await t.rejects(readKeyFile(`${path}.none`, never), { code: 'data.unreadable' });
});

t.test('a locked key that was changed is not opened', async (t) => {
  const path = join(tempFolder(t), 'a.key');
  writeKeyFile(path, key, 'alice', passphrase);
  const file = JSON.parse(readFileSync(path, 'utf8'));
  for (const part of ['salt', 'nonce', 'tag', 'data']) {
    const hex = file.locked[part] as string;
    const locked = { ...file.locked, [part]: (hex[0] === '0' ? '1' : '0') + hex.slice(1) };
    writeFileSync(path, JSON.stringify({ ...file, locked }));
    await t.rejects(
      readKeyFile(path, () => passphrase),
      { code: 'key.locked' },
      part,
    );
  }
});

t.test('public keys are told by their hash', async (t) => {
  const path = join(tempFolder(t), 'a.pub');
  const known = publicKeyFileOf(key, 'alice');
  writeFileSync(path, JSON.stringify(known));
  t.same(readPublicKeyFile(path), known);
  writeFileSync(path, JSON.stringify({ ...known, publicKey: publicKeyOf(generateKey()) }));
  t.throws(() => readPublicKeyFile(path), { code: 'key.unreadable' });
});

t.test("the collector's own keys are made once and kept", async (t) => {
  const folder = join(tempFolder(t), 'rule-keys');
  const made = await openOnlineKeys(folder);
  const again = await openOnlineKeys(folder);
  for (const role of ['root', 'signing', 'expiry'] as const) {
    t.equal(publicKeyOf(again[role]), publicKeyOf(made[role]));
    t.equal(statSync(join(folder, `${role}.key`)).mode & 0o777, 0o600);
  }
  t.equal(statSync(folder).mode & 0o777, 0o700);
});
