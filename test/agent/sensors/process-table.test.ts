import t from 'tap';
import { type ProcessEntry, type ProcessFacts, ProcessTable } from '../../../agent/sensors/process/table.ts';

function facts(pid: number, more: Partial<ProcessFacts> = {}): ProcessFacts {
  return {
    pid,
    entityId: `e${pid}`,
    startAt: pid,
    name: 'n',
    commandLine: 'n',
    keptCommandLine: 'n',
    ...more,
  };
}

function listened() {
  const told: string[] = [];
  const table = new ProcessTable();
  table.listen({
    started: (entry, _, again) => told.push(`${again ? 'again' : 'start'} ${entry.entityId} ${entry.name}`),
    ended: (entry: ProcessEntry, _, code) =>
      told.push(`end ${entry.entityId}${code === undefined ? '' : ` ${code}`}`),
  });
  return { table, told };
}

t.test('a process begins, runs another program, and ends', async (t) => {
  const { table, told } = listened();
  const entry = table.put(facts(5), 1);
  table.put(facts(5), 2);
  table.put(facts(5, { name: 'm' }), 3);
  t.equal(table.get(5), entry, 'the same object all its life');
  table.end(5, 4, 3);
  table.end(5, 5);
  t.same(told, ['start e5 n', 'again e5 m', 'end e5 3']);
  t.equal(table.get(5), undefined);
  t.equal(table.recent(5), entry);
});

t.test('another process on the same pid ends the former', async (t) => {
  const { table, told } = listened();
  table.put(facts(5), 1);
  table.put(facts(5, { entityId: 'other' }), 2);
  t.same(told, ['start e5 n', 'end e5', 'start other n']);
});

t.test('children know their parent, also when it has gone', async (t) => {
  const { table } = listened();
  const parent = table.put(facts(5), 1);
  const child = table.put(facts(6, { parentPid: 5 }), 1);
  t.equal(child.parent, parent);
  table.end(5, 2);
  t.equal(child.parent, parent, 'a parent that has gone is still named');
  const late = table.put(facts(7, { parentPid: 5 }), 3);
  t.equal(late.parent, parent);
  table.end(6, 4);
  t.equal(child.parent, parent, 'the dead too');
});

t.test('of a row of processes that each fork the next and end, some are kept', async (t) => {
  const table = new ProcessTable();
  let last = table.put(facts(1), 1);
  for (let pid = 2; pid <= 100; pid++) {
    last = table.put(facts(pid, { parentPid: pid - 1 }), pid);
    table.end(pid - 1, pid);
  }
  let ancestors = 0;
  for (let one = last.parent; one !== undefined; one = one.parent) ancestors++;
  t.ok(ancestors >= 8 && ancestors < 20, `${ancestors}`);
});

t.test('forks are told of when they show to be more than the first half of a fork and exec', async (t) => {
  const told: string[] = [];
  const table = new ProcessTable();
  table.listen({
    started: (entry, _, again, execAt) => told.push(`${again ? 'again' : 'start'} ${entry.pid} ${execAt}`),
    forked: (entry) => told.push(`fork ${entry.pid}`),
    ended: (entry) => told.push(`end ${entry.pid}`),
  });
  const birth = (pid: number) => ({ pid, entityId: `e${pid}`, startAt: pid, startTicks: pid * 10 });
  const parent = table.put({ ...facts(1), startTicks: 10, userId: '7' }, 1);
  table.fork(birth(2), parent);
  t.equal(table.get(2)?.userId, '7', 'has what its parent had');
  table.exec({ ...facts(2), startTicks: 21 }, 22);
  t.equal(table.get(2)?.entityId, 'e2', 'a tick off is the same process');
  table.exec({ ...facts(2), startTicks: 20 }, 23);
  table.fork(birth(3), table.get(2));
  table.fork(birth(4), table.get(3));
  table.end(4, 40);
  table.fork({ ...birth(3), entityId: 'other', startTicks: 99 }, parent);
  t.same(told, ['start 1 undefined', 'start 2 22', 'again 2 23', 'fork 3', 'fork 4', 'end 4', 'end 3']);
});

t.test('the ended are bounded', async (t) => {
  const table = new ProcessTable();
  for (let pid = 1; pid <= 3000; pid++) {
    table.put(facts(pid), pid);
    table.end(pid, pid);
  }
  t.equal(table.size, 0);
  t.equal(table.recent(1), undefined);
  t.ok(table.recent(3000));
});

t.test('long command lines are kept in part and say so', async (t) => {
  const table = new ProcessTable();
  const entry = table.put(facts(5, { commandLine: 'x'.repeat(5000), keptCommandLine: 'x'.repeat(4096) }), 1);
  t.equal(entry.commandLineCut, true);
  t.equal(table.put(facts(6), 1).commandLineCut, false);
});
