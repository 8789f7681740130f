/** Which slots wake conditions follows the events; what matches does not. */
import t from 'tap';
import { Predicate } from '../../../shared/sigma/compile/predicate.ts';
import type { Bound } from '../../../shared/sigma/match/bind.ts';
import type { ColumnHits } from '../../../shared/sigma/match/column-hits.ts';
import { Hits } from '../../../shared/sigma/match/hits.ts';
import { Waking } from '../../../shared/sigma/match/waking.ts';
import { textTest } from '../../../shared/sigma/value-tests/text.ts';

function slotOf(slot: number, text: string): Bound {
  const predicate = new Predicate('f', textTest([text], false), {
    ...{ selection: 's', modifiers: [], how: 'is', value: text },
  });
  return { op: 'slot', slot, predicate, column: 'f', needs: [] };
}

/** Rows in each of which one slot is seen. */
function rowsOf(slot: number, count: number): ColumnHits {
  const hits = new Hits([slot], [], [], () => true);
  return { found: [null, hits], index: new Uint8Array(count).fill(1), offsets: null, wakes: true };
}

const both: Bound = { op: 'at-least', least: 2, of: [slotOf(0, 'a long and telling text'), slotOf(1, 'ab')] };
const indexed = Uint8Array.of(1, 1);

t.test('the rarer one wakes, and another once that has changed', async (t) => {
  const waking = new Waking([both], 2);
  t.strictSame([waking.of(0), waking.of(1)], [[0], []], 'the longer text is expected to be rarer');
  t.ok(waking.learn([rowsOf(0, 2_000)], 2_000, indexed), 'it is in every row');
  t.strictSame([waking.of(0), waking.of(1)], [[], [0]]);
  for (let i = 0; i < 40; i++) waking.learn([rowsOf(0, 50_000)], 50_000, indexed);
  t.strictSame([waking.of(0), waking.of(1)], [[], [0]], 'and stays so');
  let rows = 0;
  while (waking.of(1).length > 0 && rows < 10e6) {
    waking.learn([rowsOf(1, 50_000)], 50_000, indexed);
    rows += 50_000;
  }
  t.ok(rows <= 4e6, `the other after ${rows} rows, though two million said otherwise`);
});

t.test('what may hold without any slot is always awake', async (t) => {
  const waking = new Waking([{ op: 'not', of: slotOf(0, 'x') }, both], 2);
  t.strictSame([...waking.always], [0]);
});
