import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import t from 'tap';
import type { EventSpec } from '#shared/schema/spec.ts';
import { nextLock } from '../../scripts/generate/events.ts';

const top = join(import.meta.dirname, '../..');

t.test('the generated files are up to date', async (t) => {
  const run = spawnSync(process.execPath, ['scripts/generate.ts', '--check'], { cwd: top, encoding: 'utf8' });
  t.equal(run.status, 0, run.stderr);
});

function spec(fields: EventSpec['fields']): EventSpec {
  return { name: 'x', doc: '', logsource: {}, priority: 'normal', fields };
}

t.test('the lock only grows', async (t) => {
  const first = nextLock({}, [spec({ a: { type: 'int', doc: '' } })]);
  const grown = nextLock(first, [spec({ b: { type: 'text', doc: '' }, a: { type: 'int', doc: '' } })]);
  t.equal(grown['x']?.fields['a']?.id, first['x']?.fields['a']?.id, 'ids stay');
  t.not(grown['x']?.fields['b']?.id, grown['x']?.fields['a']?.id);
  t.throws(() => nextLock(first, [spec({})]), /was removed/);
  t.throws(() => nextLock(first, [spec({ a: { type: 'text', doc: '' } })]), /is now text/);
  t.throws(() => nextLock(first, []), /was removed/);
  t.throws(
    () =>
      nextLock(first, [spec({ a: { type: 'int', doc: '' }, b: { type: 'int', doc: '', required: true } })]),
    /must be optional/,
  );
});
