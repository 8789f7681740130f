/** Scheduled queries on the agent: what they tell, what they remember, what they survive. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { VedetteError } from '#shared/errors.ts';
import {
  decodeSchedule,
  encodeSchedule,
  type ScheduledQuery,
  scheduleBounds,
} from '#shared/query/schedule.ts';
import { runQuery } from '../../agent/query/engine.ts';
import { differencesOf } from '../../agent/schedule/differences.ts';
import { Scheduler } from '../../agent/schedule/scheduler.ts';
import { tempFolder } from '../temp.ts';
import { folderWith, onFolder } from './query/query-host.ts';
import { Collected } from './sensors/collected.ts';

// They mostly wait for the shortest interval there is.
t.jobs = 3;
const beside = { buffered: true };

const hosts: ScheduledQuery = {
  name: 'hosts',
  sql: 'SELECT address, hostnames FROM etc_hosts',
  intervalS: 10,
};

function start(t: Test, folder: string, root: string, fail?: () => VedetteError | undefined) {
  const got = new Collected();
  const problems: string[] = [];
  let runs = 0;
  const scheduler = new Scheduler({
    folder,
    // Its place within the spread is near the begin.
    hostId: '000000000000001f',
    async ask({ sql, bounds, take }) {
      runs++;
      const problem = fail?.();
      if (problem !== undefined) throw problem;
      return runQuery(sql, onFolder(root), bounds, take);
    },
    emit: got.emit,
    flush: () => undefined,
    onProblem: ({ code }) => void problems.push(code),
    lookMs: 50,
  });
  t.teardown(() => scheduler.close());
  const told = () =>
    got
      .of('query.result')
      .map((event) => [event['event.action'], event['query.row'], event['event.baseline'] ?? false]);
  return { scheduler, got, problems, told, runs: () => runs };
}

async function until(is: () => boolean): Promise<void> {
  while (!is()) await sleep(50);
}

const row = (address: string, hostnames: string) => JSON.stringify({ address, hostnames });

t.test('the first answer is a baseline; then what comes and goes, over restarts too', beside, async (t) => {
  const root = folderWith(t, { 'etc/hosts': '127.0.0.1 localhost\n10.0.0.1 one\n' });
  const folder = tempFolder(t);
  const first = start(t, folder, root);
  first.scheduler.accept(encodeSchedule([hosts]));
  await until(() => first.told().length === 2);
  t.same(first.told(), [
    ['added', row('127.0.0.1', 'localhost'), true],
    ['added', row('10.0.0.1', 'one'), true],
  ]);
  t.match(first.got.of('query.result')[1], {
    'query.name': 'hosts',
    'query.values': ['address=10.0.0.1', 'hostnames=one'],
  });
  writeFileSync(join(root, 'etc/hosts'), '127.0.0.1 localhost\n10.0.0.2 two\n');
  await until(() => first.told().length === 4);
  t.same(first.told().slice(2), [
    ['removed', row('10.0.0.1', 'one'), false],
    ['added', row('10.0.0.2', 'two'), false],
  ]);
  await until(() => existsSync(join(folder, 'schedule')));
  first.scheduler.close();
  t.equal(statSync(join(folder, 'schedule.json')).mode & 0o777, 0o600);
  const [kept] = readdirSync(join(folder, 'schedule'));
  t.equal(statSync(join(folder, 'schedule', kept ?? '')).mode & 0o777, 0o600);

  writeFileSync(join(root, 'etc/hosts'), '127.0.0.1 localhost\n10.0.0.2 two\n10.0.0.2 two\n');
  const second = start(t, folder, root);
  second.scheduler.start();
  await until(() => second.told().length === 1);
  t.same(second.told(), [['added', row('10.0.0.2', 'two'), false]], 'against the answer before the restart');
  t.same(second.got.faults, []);

  second.scheduler.accept(encodeSchedule([{ ...hosts, sql: `${hosts.sql} WHERE 1` }]));
  await until(() => second.told().length === 4);
  t.ok(
    second
      .told()
      .slice(1)
      .every(([action, , isBaseline]) => action === 'added' && isBaseline),
    'another statement begins anew',
  );
  second.scheduler.accept(encodeSchedule([]));
  t.same(readdirSync(join(folder, 'schedule')), [], 'what is not asked any more is forgotten');
  t.same(second.problems, []);
});

t.test('a failure is told once until there is an answer again', beside, async (t) => {
  const root = folderWith(t, { 'etc/hosts': '10.0.0.1 one\n' });
  let problem: VedetteError | undefined = new VedetteError('query.timed_out', 'It took long.');
  const { scheduler, got, runs } = start(t, tempFolder(t), root, () => problem);
  scheduler.accept(encodeSchedule([hosts]));
  await until(() => runs() >= 2);
  t.same(
    got
      .of('query.result')
      .map((event) => [event['event.action'], event['error.code'], event['error.message']]),
    [['failed', 'query.timed_out', 'It took long.']],
  );
  problem = undefined;
  await until(() => got.of('query.result').length === 2);
  t.match(got.of('query.result')[1], { 'event.action': 'added', 'event.baseline': true });
});

t.test('an answer beyond its bounds is a failure, not half an answer', beside, async (t) => {
  const many =
    'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000) SELECT i FROM n';
  const folder = tempFolder(t);
  const { scheduler, got } = start(t, folder, folderWith(t, {}));
  scheduler.accept(encodeSchedule([{ name: 'many', sql: many, intervalS: 10 }]));
  await until(() => got.events.length > 0);
  t.match(got.of('query.result'), [{ 'event.action': 'failed', 'error.code': 'query.too_large' }]);
  t.equal(got.events.length, 1);
});

t.test('hostile schedules and damaged files change nothing', async (t) => {
  const folder = tempFolder(t);
  const { scheduler, problems } = start(t, folder, folderWith(t, {}));
  scheduler.accept(encodeSchedule([hosts]));
  const before = readFileSync(join(folder, 'schedule.json'), 'utf8');
  const hostile: readonly unknown[] = [
    {},
    [null],
    [{ ...hosts, name: '../../etc/passwd' }],
    [{ ...hosts, intervalS: 1 }],
    [{ ...hosts, intervalS: 1e99 }],
    [{ ...hosts, sql: 'x'.repeat(5000) }],
    [hosts, hosts],
    Array.from({ length: scheduleBounds.maxQueries + 1 }, (_, i) => ({ ...hosts, name: `q${i}` })),
  ];
  for (const one of hostile) scheduler.accept(Buffer.from(JSON.stringify(one)));
  scheduler.accept(Buffer.from([0xff, 0xfe]));
  scheduler.accept(Buffer.alloc(scheduleBounds.maxBytes + 1, 0x20));
  t.equal(problems.length, hostile.length + 2);
  t.ok(problems.every((code) => code === 'wire.frame_malformed'));
  t.equal(readFileSync(join(folder, 'schedule.json'), 'utf8'), before);

  writeFileSync(join(folder, 'schedule.json'), 'broken');
  const again = start(t, folder, folderWith(t, {}));
  again.scheduler.start();
  t.same(again.problems, ['wire.frame_malformed']);
});

t.test('any bytes are refused or a schedule within its bounds', (t) => {
  const bytes = fc.oneof(
    fc.uint8Array(),
    fc.json().map((text) => Buffer.from(text)),
  );
  fc.assert(
    fc.property(bytes, (data) => {
      const decoded = decodeSchedule(data);
      return !decoded.ok || decoded.value.every(({ intervalS }) => intervalS >= scheduleBounds.minIntervalS);
    }),
  );
  t.end();
});

t.test('differences lead from any answer to any other', (t) => {
  const rows: fc.Arbitrary<string[]> = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 12 });
  fc.assert(
    fc.property(rows, rows, (before, after) => {
      const { added, removed } = differencesOf(before, after);
      const left: string[] = [...before];
      for (const one of removed) left.splice(left.indexOf(one), 1);
      const shared = added.filter((one) => removed.includes(one));
      return [...left, ...added].toSorted().join() === after.toSorted().join() && shared.length === 0;
    }),
  );
  t.end();
});
