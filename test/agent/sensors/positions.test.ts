import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { Positions } from '../../../agent/sensors/linux/positions.ts';
import { tempFolder } from '../../temp.ts';

t.test('what is written was taken an interval before; an orderly stop writes where it stands', async (t) => {
  const folder = join(tempFolder(t), 'state');
  const path = join(folder, 'positions.json');
  const read = () => JSON.parse(readFileSync(path, 'utf8'));
  let at = 1;
  const first = new Positions(folder, 50);
  first.track('log', () => at);
  first.tick();
  t.throws(read, 'nothing is known to be safe yet');
  at = 2;
  await sleep(60);
  first.tick();
  t.same(read(), { log: 1 });
  at = 3;
  first.tick();
  t.same(read(), { log: 1 }, 'no sooner than the interval');
  await sleep(60);
  first.tick();
  t.same(read(), { log: 2 });
  at = 4;
  first.save();
  t.same(read(), { log: 4 });
  t.equal(statSync(path).mode & 0o777, 0o600);

  const second = new Positions(folder, 50);
  t.equal(second.storedOf('log'), 4);
  t.equal(second.storedOf('toString'), undefined);
  const end = second.track('other', () => 'x');
  end();
  t.equal(second.storedOf('other'), 'x', 'who comes back goes on where the last one stopped');
  second.save();
  t.same(read(), { log: 4, other: 'x' }, 'what nobody asked for is kept');
});

t.test('nowhere to write is said, not thrown', async (t) => {
  const folder = tempFolder(t);
  writeFileSync(join(folder, 'file'), '');
  const positions = new Positions(join(folder, 'file/x'), 1);
  positions.track('log', () => 1);
  positions.save();
  t.match(positions.problem, /ENOTDIR|EEXIST/);
  const none = new Positions(undefined, 1);
  none.track('log', () => 1);
  none.tick();
  none.save();
  t.equal(none.problem, undefined);
});
