/** Data folders from before there were users, and what of users is encrypted at rest. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { createAuth } from '../../../../collector/auth/auth.ts';
import { hashSecret } from '../../../../collector/auth/secret.ts';
import { KeyRing } from '../../../../collector/encryption/key-ring.ts';
import { openDatabase } from '../../../../collector/store/control/database.ts';
import { migrate } from '../../../../collector/store/control/migrate.ts';
import { migrations } from '../../../../collector/store/control/migrations/list.ts';
import { openControlStore } from '../../../../collector/store/control/open.ts';

const placeOf = (name: string) => migrations.findIndex((one) => one.name === name);

t.test("a folder of before: tokens go on as services, what was an admin's is the user admin's", async (t) => {
  const path = join(t.testdir(), 'control.db');
  const old = openDatabase(path, false);
  await migrate(old, path, migrations.slice(0, placeOf('accounts')));
  const now = Date.now() * 1000;
  const rows = [
    ['token', 'cli', 'admin', null],
    ['token', 'ci', 'viewer', null],
    ['session', 'admin', 'admin', now + 1e9],
    ['session', 'ada', 'viewer', now + 1e9],
    ['sign-in-link', 'admin', 'admin', now + 1e9],
    ['sign-in-link', 'eve', 'responder', now + 1e9],
  ] as const;
  for (const [kind, name, role, expiresAt] of rows)
    await old
      .insertInto('credential')
      .values({
        ...{ id: `${kind} ${name}`, kind, name, role, created_at: now, expires_at: expiresAt },
        secret_hash: hashSecret(`${kind} ${name}`),
      } as never)
      .execute();
  await old.destroy();
  const control = await openControlStore(path, { durable: false });
  t.teardown(() => control.close());
  const auth = createAuth(control);
  const [admin] = await control.accounts.list();
  t.match(await auth.token('token cli'), { name: 'cli', role: 'admin', accountId: null });
  t.match(await auth.token('token ci'), { name: 'ci', role: 'viewer', accountId: null });
  t.match(await auth.session('session admin'), { name: 'admin', role: 'admin', accountId: admin?.id });
  // Nobody would get more by the upgrade than they had: they have to be made users.
  t.equal(await auth.session('session ada'), undefined);
  t.equal(await auth.exchange('sign-in-link eve'), undefined);
  t.match(await auth.exchange('sign-in-link admin'), { credential: { name: 'admin' } });
});

t.test(
  'the secret of a second factor is encrypted where there is a key, and under the newest one',
  async (t) => {
    const dir = t.testdir();
    const [path, keyFile] = [join(dir, 'control.db'), join(dir, 'keys')];
    const keys = [Buffer.alloc(32, 1).toString('base64'), Buffer.alloc(32, 2).toString('base64')];
    const write = (text: string) => writeFileSync(keyFile, text, { mode: 0o600 });
    write(`${keys[0]}\n`);
    const secret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
    const bytes = () => readFileSync(path, 'latin1');
    const one = await openControlStore(path, { durable: true, ring: new KeyRing(keyFile) });
    const [admin] = await one.accounts.list();
    const id = admin?.id ?? '';
    t.equal(await one.accounts.beginSecondFactor(id, secret), true);
    t.match(await one.accounts.get(id), { secondFactor: { secret } });
    await one.close();
    t.notOk(bytes().includes(secret));
    write(`${keys[1]}\n${keys[0]}\n`);
    const two = await openControlStore(path, { durable: true, ring: new KeyRing(keyFile) });
    t.equal(await two.reseal(), 1);
    t.match(await two.accounts.get(id), { secondFactor: { secret } });
    await two.close();
    write(`${keys[1]}\n`);
    const three = await openControlStore(path, { durable: true, ring: new KeyRing(keyFile) });
    t.match(
      await three.accounts.get(id),
      { secondFactor: { secret } },
      'the first key is not needed any more',
    );
    await three.close();
  },
);
