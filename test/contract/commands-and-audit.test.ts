/** What every control store must do with commands and the audit log, whatever is underneath. */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import type { ControlStore, NewAuditEntry, NewCommand } from '../../collector/store/contract.ts';
import { openControlStore } from '../../collector/store/control/open.ts';

const entry = (over: Partial<NewAuditEntry> = {}): NewAuditEntry => ({
  ...{ at: 5, actor: 'ada', action: 'command.make', target: 'host h1', detail: { b: 1, a: 'x' } },
  ...over,
});

function command(id: string, over: Partial<NewCommand> = {}): NewCommand {
  const given = { hostId: 'h1', name: 'agent.status', arguments: {}, issuedBy: 'ada' };
  return { id, ...given, issuedAt: 100, expiresAt: 200, ...over };
}

const done = { status: 'done', code: '', detail: '', output: { ok: true }, cut: 0 } as const;

/** Two connections to one store, and the path of its file. */
async function fresh(t: Test): Promise<readonly [ControlStore, ControlStore, string]> {
  const path = join(t.testdir(), 'control.db');
  const open = () => openControlStore(path, { durable: false });
  const [one, two] = [await open(), await open()];
  t.teardown(async () => {
    await one.close();
    await two.close();
  });
  return [one, two, path];
}

const actionsOf = async ({ audit }: ControlStore) =>
  (await audit.list({}, 500)).items.map((e) => e.action).reverse();

t.test('commands: made, sent, answered once, each step in the audit log', async (t) => {
  const [store, other] = await fresh(t);
  const { commands } = store;
  t.equal(await commands.get('c1'), undefined);
  t.equal(await commands.add(command('c1', { arguments: { limit: 3 } }), 2, entry()), true);
  t.match(await other.commands.get('c1'), {
    ...command('c1', { arguments: { limit: 3 } }),
    ...{ state: 'queued', sends: 0, sentAt: null, answeredAt: null, output: null, code: '' },
  });
  const sent = entry({ action: 'command.send' });
  t.match(await commands.sent('c1', 110, sent), { state: 'sent', sends: 1, sentAt: 110 });
  t.match(await commands.sent('c1', 120, sent), { state: 'sent', sends: 2, sentAt: 110 });
  const answered = entry({ action: 'command.answer' });
  t.equal(await commands.answer('c1', 'h2', done, 130, answered), undefined, 'not by another host');
  t.match(await commands.answer('c1', 'h1', done, 130, answered), {
    ...{ state: 'done', answeredAt: 130, output: { ok: true } },
  });
  t.equal(await commands.answer('c1', 'h1', { ...done, status: 'failed' }, 140, answered), undefined, 'once');
  t.equal(await commands.sent('c1', 150, sent), undefined, 'and not sent after that');
  t.same(await actionsOf(store), ['command.make', 'command.send', 'command.answer']);
});

t.test('commands: a host has a bounded number open', async (t) => {
  const [{ commands }, other] = await fresh(t);
  const added = await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      (i % 2 ? commands : other.commands).add(command(`c${i}`), 5, entry()),
    ),
  );
  t.equal(added.filter(Boolean).length, 5);
  t.equal(await commands.add(command('other', { hostId: 'h2' }), 5, entry()), true);
  t.equal((await other.audit.list({}, 100)).items.length, 6, 'one that was not added is not in the log');
});

t.test('commands: open, due, expired, answered late, removed', async (t) => {
  const [store] = await fresh(t);
  const { commands } = store;
  await commands.add(command('queued', { issuedAt: 101 }), 9, entry());
  await commands.add(command('sent', { issuedAt: 100 }), 9, entry());
  await commands.sent('sent', 110, entry());
  t.same(
    (await commands.open('h1', 199)).map((c) => c.id),
    ['sent', 'queued'],
  );
  t.same(await commands.open('h1', 200), []);
  t.same(await commands.due(199, 199, 9), []);
  t.same(
    (await commands.due(200, 199, 9)).map((c) => c.id),
    ['queued'],
  );
  t.same((await commands.due(200, 200, 1)).length, 1);
  const expired = entry({ action: 'command.expire' });
  t.match(await commands.expire('queued', 'away', expired), {
    state: 'expired',
    detail: 'away',
    answeredAt: null,
  });
  t.equal(await commands.expire('queued', 'away', expired), undefined);
  await commands.expire('sent', 'silent', expired);
  t.match(
    await commands.answer('sent', 'h1', done, 300, entry()),
    { state: 'done', answeredAt: 300 },
    'late, and true',
  );
  t.equal(await commands.prune(101, 9), 1);
  t.equal(await commands.prune(1000, 9), 1);
  await commands.add(command('open', { issuedAt: 1 }), 9, entry());
  t.equal(await commands.prune(1000, 9), 0, 'what is open stays');
  t.equal((await actionsOf(store)).filter((a) => a === 'command.expire').length, 2);
});

t.test('commands: listed newest first, by pages', async (t) => {
  const [{ commands }] = await fresh(t);
  for (let i = 0; i < 7; i++)
    await commands.add(command(`c${i}`, { issuedAt: 100 + (i >> 1), hostId: `h${i % 2}` }), 9, entry());
  const seen: string[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await commands.list({}, 3, cursor);
    seen.push(...page.items.map((c) => c.id));
    if (page.next === null) break;
    cursor = page.next;
  }
  t.same(seen, ['c6', 'c5', 'c4', 'c3', 'c2', 'c1', 'c0']);
  t.same(
    (await commands.list({ hostId: 'h1', state: 'queued' }, 9)).items.map((c) => c.id),
    ['c5', 'c3', 'c1'],
  );
  t.same((await commands.list({ state: 'done' }, 9)).items, []);
  await t.rejects(commands.list({}, 3, 'nonsense'), { code: 'store.cursor_invalid' });
});

t.test('alerts: a change of status is in the audit log', async (t) => {
  const [store] = await fresh(t);
  const { newAlert } = await import('../collector/store/control/new-alert.ts');
  await store.detection.commit(1, [newAlert('a1')]);
  await store.alerts.setStatus('a1', 'closed', 'ada', 'known job', 7);
  await store.alerts.setStatus('none', 'closed', 'ada', null, 7);
  t.match((await store.audit.list({}, 9)).items, [
    {
      at: 7,
      actor: 'ada',
      action: 'alert.change',
      target: 'alert a1',
      detail: { status: 'closed', note: 'known job' },
    },
  ]);
});

t.test('audit: two writers make one chain', async (t) => {
  const [one, two] = await fresh(t);
  await Promise.all(
    Array.from({ length: 60 }, (_, i) => (i % 2 ? one : two).audit.append(entry({ at: i, target: `t${i}` }))),
  );
  const { items } = await one.audit.list({}, 100);
  t.same(
    items.map((e) => e.number),
    Array.from({ length: 60 }, (_, i) => 60 - i),
  );
  t.match(await two.audit.verify(), { entries: 60, broken: null, head: items[0]!.hash });
});

t.test('audit: listed by pages and filters', async (t) => {
  const [{ audit }] = await fresh(t);
  for (let i = 0; i < 9; i++)
    await audit.append(entry({ at: i * 10, actor: `a${i % 2}`, action: `do.${i % 3}` }));
  const first = await audit.list({}, 4);
  t.same(
    first.items.map((e) => e.number),
    [9, 8, 7, 6],
  );
  const second = await audit.list({}, 5, first.next!);
  t.same(
    second.items.map((e) => e.number),
    [5, 4, 3, 2, 1],
  );
  t.equal(second.next, null);
  t.same(
    (await audit.list({ actor: 'a0', action: 'do.0' }, 9)).items.map((e) => e.number),
    [7, 1],
  );
  t.same(
    (await audit.list({ since: 20, until: 40 }, 9)).items.map((e) => e.at),
    [40, 30, 20],
  );
  t.equal((await audit.list({ target: 'other' }, 9)).items.length, 0);
  for (const cursor of ['x', '0', '-1', '1e3'])
    await t.rejects(audit.list({}, 4, cursor), { code: 'store.cursor_invalid' });
});

t.test('audit: hostile and endless values are bounded and stay verifiable', async (t) => {
  const [{ audit }] = await fresh(t);
  const long = '\u{1F600}'.repeat(1000);
  const made = await audit.append(
    entry({ actor: long, target: "'; drop table audit; --", detail: { [long]: long, lone: '\ud800' } }),
  );
  t.ok(JSON.stringify(made).length < 4096);
  t.ok(made.actor.endsWith('…'));
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: 'binary' }),
      fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })),
      async (text, detail) => {
        await audit.append(entry({ actor: text, detail }));
      },
    ),
    { numRuns: 100 },
  );
  t.match(await audit.verify(), { entries: 101, broken: null });
});

t.test('audit: whatever is done to the file shows', async (t) => {
  const acts: readonly (readonly [what: string, sql: string, number: number])[] = [
    ['a value', "update audit set actor = 'eve' where number = 4", 4],
    ['a detail', "update audit set detail = '{}' where number = 4", 4],
    ['a time', 'update audit set at = at + 1 where number = 4', 4],
    ['a hash', 'update audit set hash = (select hash from audit where number = 3) where number = 4', 4],
    ['an entry removed', 'delete from audit where number = 4', 4],
    ['the first removed', 'delete from audit where number = 1', 1],
    [
      'two swapped',
      'update audit set number = case number when 4 then -5 when 5 then -4 else number end; update audit set number = -number where number < 0',
      4,
    ],
  ];
  for (const [what, sql, number] of acts) {
    const [store, , path] = await fresh(t);
    for (let i = 0; i < 8; i++) await store.audit.append(entry({ at: i, target: `t${i}` }));
    const raw = new Database(path);
    t.throws(() => raw.exec(sql), /only grows/, `${what}: the database itself refuses`);
    raw.exec(`drop trigger audit_no_update; drop trigger audit_no_delete; ${sql}`);
    raw.close();
    t.match(await store.audit.verify(), { entries: number - 1, broken: { number } }, what);
  }
  const [store, , path] = await fresh(t);
  for (let i = 0; i < 8; i++) await store.audit.append(entry({ at: i }));
  const { head } = await store.audit.verify();
  const raw = new Database(path);
  raw.exec('drop trigger audit_no_delete; delete from audit where number > 6');
  raw.close();
  const after = await store.audit.verify();
  t.equal(after.broken, null);
  t.not(after.head, head, 'entries taken off the end show in the hash that was kept elsewhere');
});

t.test('a data folder of 0.1.0 gains both', async (t) => {
  const { openDatabase } = await import('../../collector/store/control/database.ts');
  const { migrate } = await import('../../collector/store/control/migrate.ts');
  const { migrations } = await import('../../collector/store/control/migrations/list.ts');
  const path = join(t.testdir(), 'control.db');
  const db = openDatabase(path, false);
  await migrate(db, path, migrations.slice(0, 2));
  await db.destroy();
  const store = await openControlStore(path, { durable: false });
  t.equal(await store.commands.add(command('c1'), 1, entry()), true);
  t.match(await store.audit.verify(), { entries: 1, broken: null });
  await store.close();
});
