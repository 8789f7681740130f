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

t.test('children know their parent, the dead do not hold on to theirs', async (t) => {
  const { table } = listened();
  const parent = table.put(facts(5), 1);
  const child = table.put(facts(6, { parentPid: 5 }), 1);
  t.equal(child.parent, parent);
  table.end(5, 2);
  t.equal(child.parent, parent, 'a parent that has gone is still named');
  const late = table.put(facts(7, { parentPid: 5 }), 3);
  t.equal(late.parent, parent);
  table.end(6, 4);
  t.equal(child.parent, undefined);
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
