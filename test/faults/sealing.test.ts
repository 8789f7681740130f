import t from 'tap';
import { tempFolder } from '../temp.ts';
import { killSealers } from './sealing.ts';

t.test('a sealer killed at any moment loses nothing and doubles nothing', async (t) => {
  const seed = Date.now() % 1_000_000;
  t.comment(`seed ${seed}`);
  const outcome = await killSealers(tempFolder(t), 20, seed);
  t.match(outcome, { kills: 20, events: 20 * 30 * 40, wrong: 0 }, JSON.stringify(outcome));
  t.ok(outcome.sealed > 0 && outcome.merged > 0, 'it did seal and merge');
});
