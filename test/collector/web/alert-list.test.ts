/** Which alerts are in a list, what arrives while it is read, and what the address says of it. */
import * as fc from 'fast-check';
import t from 'tap';
import { type AlertJson, alertJson } from '../../../collector/api/json/alert.ts';
import type { Alert } from '../../../collector/store/contract.ts';
import { anyAlert, filtersIn, requestOf } from '../../../collector/web/alerts/filters.ts';
import { heldList } from '../../../collector/web/alerts/held.ts';
import { type AlertPages, passes, withAlert } from '../../../collector/web/data/alert-pages.ts';
import { newAlert } from '../store/control/new-alert.ts';

function alert(id: string, at: number, over: Partial<Alert> = {}): AlertJson {
  const raised = newAlert(id, { raisedAt: 1_700_000_000_000_000 + at * 1_000_000 });
  return alertJson({
    ...raised,
    ...{ key: null, status: 'open', confidence: 60, confidenceReason: '', response: null, entity: {} },
    ...{ samples: [], previousId: null, storyId: null, tree: null, changedAt: null, changedBy: null },
    ...{ note: null, verdict: null, ...over },
  });
}

const ids = (alerts: readonly AlertJson[]) => alerts.map(({ id }) => id);
const none = () => undefined;
const never = () => false;

t.test('what is read keeps its place', async (t) => {
  const [a, b, c, d] = [alert('a', 4), alert('b', 3), alert('c', 2), alert('d', 1)];
  const changed = alert('b', 3, { status: 'closed' });
  const came = heldList([b, c], [a, b, c], none, never);
  t.same(ids(came.shown), ['b', 'c'], 'what came is not put in');
  t.equal(came.fresh, 1, 'but counted');
  t.same(ids(heldList([b, c], [b, c, d], none, never).shown), ['b', 'c', 'd'], 'older ones are added');
  const left = heldList([a, b, c], [a, c], (id) => (id === 'b' ? changed : undefined), never);
  t.same(ids(left.shown), ['a', 'b', 'c'], 'one that left the list stays');
  t.equal(left.shown[1]?.status, 'closed', 'as it now stands');
  t.same(
    ids(heldList([a, b, c], [a, c], none, (id) => id === 'b').shown),
    ['a', 'c'],
    'unless it was released',
  );
  const back = heldList([a, c], [a, b, c], none, (id) => id === 'b');
  t.same(ids(back.shown), ['a', 'b', 'c'], 'what was dealt with here and brought back is where it was');
  t.equal(back.fresh, 0);
  t.same(ids(heldList([], [a, b], none, never).shown), ['a', 'b'], 'nothing shown holds nothing back');
});

t.test('nothing is lost or doubled between shown and counted', async (t) => {
  const times = fc.uniqueArray(fc.integer({ min: 0, max: 40 }), { maxLength: 12 });
  t.doesNotThrow(() =>
    fc.assert(
      fc.property(times, times, (before, now) => {
        const sorted = (list: readonly number[]) =>
          list.toSorted((x, y) => y - x).map((at) => alert(`a${at}`, at));
        const { shown, fresh } = heldList(sorted(before), sorted(now), none, never);
        const all = new Set([...before, ...now].map((at) => `a${at}`));
        const seen = ids(shown);
        return (
          new Set(seen).size === seen.length &&
          seen.length + fresh === all.size &&
          before.every((at) => seen.includes(`a${at}`))
        );
      }),
    ),
  );
});

const pagesOf = (next: string | null, ...lists: readonly (readonly AlertJson[])[]): AlertPages => ({
  pages: lists.map((items, i) => ({ items, next: i < lists.length - 1 ? 'more' : next })),
  pageParams: lists.map(() => null),
});

t.test('an alert from the feed goes where it belongs', async (t) => {
  const [a, b, c] = [alert('a', 3), alert('b', 2), alert('c', 1)];
  const open = { ...anyAlert, status: 'open' } as const;
  const shown = (pages: AlertPages | undefined) => pages?.pages.map((page) => ids(page.items));
  t.same(shown(withAlert(pagesOf(null, [b], [c]), a, open)), [['a', 'b'], ['c']]);
  t.same(shown(withAlert(pagesOf(null, [a, c]), b, open)), [['a', 'b', 'c']]);
  t.same(shown(withAlert(pagesOf(null, [a]), c, open)), [['a', 'c']], 'the last of a whole list');
  t.equal(
    withAlert(pagesOf('more', [a]), c, open),
    undefined,
    'beyond what is loaded only the collector knows',
  );
  const closed = alert('b', 2, { status: 'closed' });
  t.same(shown(withAlert(pagesOf(null, [a, b]), closed, open)), [['a']], 'taken out');
  t.same(shown(withAlert(pagesOf(null, [a]), closed, open)), [['a']], 'not put in');
});

t.test('every filter lets through what the collector would', async (t) => {
  const one = alert('one', 1, {
    ...{ level: 'high', hostId: 'h1', ruleId: 'r1', verdict: 'true-positive', storyId: 's1', key: 'k1' },
    tags: ['attack.t1059.004'],
  });
  const of = (over: Partial<typeof anyAlert>) => passes(one, { ...anyAlert, status: 'all', ...over });
  for (const fitting of [
    {},
    ...[{ minLevel: 'high' }, { host: 'h1' }, { rule: 'r1' }, { verdict: 'true-positive' }, { story: 's1' }],
    ...[{ key: 'k1' }, { tag: 'attack.t1059' }, { tag: 'ATTACK.T1059.004' }, { status: 'open' }],
    { since: '2023-11-14T00:00:00Z', until: '2023-11-15T00:00:00Z' },
  ] as const)
    t.equal(of(fitting), true, JSON.stringify(fitting));
  for (const other of [
    ...[
      { minLevel: 'critical' },
      { host: 'h2' },
      { rule: 'r2' },
      { verdict: 'false-positive' },
      { story: 's2' },
    ],
    ...[{ key: 'k2' }, { tag: 'attack.t1059.0' }, { status: 'closed' }],
    ...[{ since: '2023-11-15T00:00:00Z' }, { until: '2023-11-14T00:00:00Z' }],
  ] as const)
    t.equal(of(other), false, JSON.stringify(other));
  t.equal(of({ text: 'x' }), 'unsure');
  t.equal(of({ user: 'x' }), 'unsure');
  t.equal(of({ user: 'x', host: 'h2' }), false);
});

t.test('what the address says becomes what is asked for', async (t) => {
  const read = (query: string) => filtersIn(new URLSearchParams(query));
  t.same(read(''), anyAlert);
  t.same(read('status=gone&level=x&verdict=y&time=2y'), anyAlert, 'what is nothing is passed over');
  const nowMs = Date.parse('2026-01-02T00:00:00Z');
  t.equal(requestOf(read('status=all'), nowMs).toString(), '');
  t.equal(requestOf(read('level=high&host=h1'), nowMs).toString(), 'status=open&minLevel=high&host=h1');
  t.equal(
    requestOf(read('status=closed&time=24h'), nowMs).get('since'),
    '2026-01-01T00:00:00.000Z',
    'a span is as of now',
  );
  for (const name of ['rule', 'tag', 'user', 'text', 'story', 'key', 'since', 'until'])
    t.equal(requestOf(read(`${name}=v`), nowMs).get(name), 'v', name);
});
