import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { VedetteError } from '#shared/errors.ts';
import type { AnyEvent } from '#shared/events/registry.gen.ts';
import { everything, type Filter } from '#shared/filter/filter.ts';
import { parseFilter } from '#shared/filter/parse.ts';
import type { EventQuery, EventSql } from '../../../../collector/store/contract.ts';
import type { FoundEvent, NewestPage, Place } from '../../../../collector/store/events/event-order.ts';
import type { FoundPage } from '../../../../collector/store/events/search.ts';
import { SegmentSearch } from '../../../../collector/store/events/segment-search.ts';
import { numbered } from '../../../events.ts';
import { eventStore, streamOf } from '../event-store.ts';

const host = 'a'.repeat(16);
const other = 'b'.repeat(16);
function start(pid: number, command: string, time: number): AnyEvent {
  return {
    type: 'process.start',
    time,
    'process.pid': pid,
    'process.entity_id': `e${pid}`,
    'process.start': time,
    'process.name': command.split(' ')[0] as string,
    'process.command_line': command,
  };
}

/** The store all tests begin with. */
async function journal(t: Test) {
  const made = await eventStore(t);
  await made.add(host, start(1, 'bash -i', 1000), start(2, 'cat /etc/PASSWD', 2000), numbered(1));
  await made.add(other, start(3, 'cat readme', 1500));
  await made.add(host, start(4, 'ls', 3000), start(5, 'cat x', 2500));
  /** All pages as one: on a busy machine a search may stop early and go on with the next. */
  const whole = async (query: Partial<EventQuery> = {}): Promise<FoundPage> => {
    const items: FoundEvent[] = [];
    for (let cursor: string | undefined; ; ) {
      const page: FoundPage = await made.search({ ...query, ...(cursor !== undefined && { cursor }) });
      items.push(...page.items);
      if (page.next === null) return { items, next: null };
      cursor = page.next;
    }
  };
  return { ...made, whole };
}

function filter(text: string): { filter: Filter } {
  const parsed = parseFilter(text);
  if (!parsed.ok) throw new Error(parsed.problem.message);
  return { filter: parsed.value };
}

/** All pages of a search, one after the other. */
async function pages(search: (query: Partial<EventQuery>) => Promise<FoundPage>, query: Partial<EventQuery>) {
  const ids: string[] = [];
  for (let cursor: string | undefined; ; ) {
    const page: FoundPage = await search({ ...query, ...(cursor !== undefined && { cursor }) });
    ids.push(...page.items.map((i) => i.id));
    if (page.next === null) return ids;
    cursor = page.next;
  }
}

const pids = (page: FoundPage) =>
  page.items.map((i) => i.event['process.pid']).filter((p) => p !== undefined);

/** How many of the three batches are sealed. */
for (const count of [0, 1, 2, 3]) {
  t.test(`with ${count} of 3 batches sealed`, async (t) => {
    t.test('newest first by event time, over batches and within them', async (t) => {
      const { whole, seal } = await journal(t);
      await seal(count);
      t.strictSame(pids(await whole()), [4, 5, 2, 3, 1]);
      const starts: Filter = { kind: 'types', types: ['process.start'] };
      const ofHost: Filter = { kind: 'hosts', ids: [host] };
      t.strictSame(pids(await whole({ filter: { kind: 'all', of: [starts, ofHost] } })), [4, 5, 2, 1]);
      t.strictSame(pids(await whole({ since: 1500, until: 2500 })), [5, 2, 3]);
    });

    t.test('tests on fields and text look at letters without regard to case', async (t) => {
      const { whole, seal } = await journal(t);
      await seal(count);
      t.strictSame(pids(await whole(filter('process.name:CAT'))), [5, 2, 3]);
      t.strictSame(pids(await whole(filter('CommandLine:*etc/passwd'))), [2]);
      t.strictSame(pids(await whole(filter('process.pid:3'))), [3]);
      t.strictSame(pids(await whole(filter('process.name:cat not process.pid:3'))), [5, 2]);
      t.equal((await whole(filter('package.name:*'))).items.length, 1);
      t.equal((await whole(filter('not package.name:zzz'))).items.length, 6, 'absent is not equal');
      t.strictSame(pids(await whole(filter('/ETC/'))), [2]);
      t.equal((await whole(filter('nowhere'))).items.length, 0);
    });

    t.test('pages join without a gap or a repeat, whatever their size', async (t) => {
      const { search, whole, seal } = await journal(t);
      await seal(count);
      const all = (await whole()).items.map((i) => i.id);
      t.equal(all.length, 6);
      for (const limit of [1, 2, 3, 5]) t.strictSame(await pages(search, { limit }), all, `of ${limit}`);
    });

    t.test('an event is found by its id', async (t) => {
      const { events, whole, seal } = await journal(t);
      await seal(count);
      for (const item of (await whole()).items) t.strictSame((await events.find(item.id))?.event, item.event);
      t.equal(await events.find('nonsense'), undefined);
      t.equal(await events.find(`${host}:${streamOf(host)}:1:99`), undefined);
    });
  });
}

t.test('pages are the same whatever is sealed and arrives between them', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.nat(6), { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 8 }),
      fc.array(fc.nat(2), { minLength: 30, maxLength: 30 }),
      fc.integer({ min: 1, max: 4 }),
      async (batches, moves, limit) => {
        const { add, seal, search } = await eventStore(t);
        let pid = 0;
        for (const [i, times] of batches.entries())
          await add(i % 2 === 0 ? host : other, ...times.map((time) => start(++pid, 'x', time)));
        const whole = await pages(search, { limit: 100 });
        let page = 0;
        const paged = await pages(
          async (query) => {
            const found = await search(query);
            const move = moves[page++ % moves.length] as number;
            // Newer than everything: on a page before.
            if (move === 1) await add(host, start(++pid, 'later', 1000 + pid));
            else await seal(move / 2);
            return found;
          },
          { limit },
        );
        deepStrictEqual(paged, whole);
      },
    ),
    { numRuns: 6, endOnFailure: true, includeErrorInReport: true },
  );
});

t.test('what the journal holds alone asks nothing of segments', async (t) => {
  const { search, seal, sealed, add } = await journal(t);
  await seal(3);
  await add(host, start(6, 'new', 2 * 10 ** 15), start(7, 'new', 2 * 10 ** 15 + 1));
  t.strictSame(pids(await search({ limit: 2 })), [7, 6]);
  t.equal(sealed.asked, 0);
});

t.test('following gives each event once, in order of arrival', async (t) => {
  const { add, search } = await journal(t);
  const now = await search({ order: 'arrival' });
  t.equal(now.items.length, 0, 'without a cursor it begins now');
  await add(other, start(6, 'top', 10), start(7, 'top', 5));
  const first = await search({ order: 'arrival', cursor: now.next!, limit: 1 });
  t.strictSame(pids(first), [7]);
  const second = await search({ order: 'arrival', cursor: first.next! });
  t.strictSame(pids(second), [6]);
  const third = await search({ order: 'arrival', cursor: second.next! });
  t.strictSame(pids(third), []);
  await add(host, start(8, 'late', 1));
  t.strictSame(pids(await search({ order: 'arrival', cursor: third.next! })), [8]);
  const all = await search({ order: 'arrival', cursor: '0' });
  t.strictSame(pids(all), [1, 2, 3, 5, 4, 7, 6, 8], 'from the start');
});

t.test('a follower that comes back late is given what was sealed meanwhile', async (t) => {
  const { add, seal, search } = await journal(t);
  const caughtUp = await search({ order: 'arrival', cursor: '0' });
  for (let i = 0; i < 5; i++) await add(other, start(10 + i, 'cat missed', 4000 - i));
  await add(host, start(20, 'cat there', 1));
  await seal(8);
  const found: number[] = [];
  let cursor = caughtUp.next!;
  for (let page = 0; page < 20; page++) {
    const answer = await search({ order: 'arrival', limit: 2, cursor, ...filter('cat') });
    found.push(...(pids(answer) as number[]));
    cursor = answer.next!;
  }
  t.strictSame(
    found.filter((pid) => pid >= 10),
    [10, 11, 12, 13, 14, 20],
    'in order of arrival',
  );
});

t.test('a cursor that is none is refused', async (t) => {
  const { search } = await journal(t);
  for (const cursor of ['1; DROP TABLE batch', '12~nonsense', '1 2 3', `1~${host}:x:1:1`])
    await t.rejects(search({ cursor }), { code: 'store.cursor_invalid' }, cursor);
  for (const cursor of ['x', '1; DROP TABLE batch', '1~x 2', '1 x'])
    await t.rejects(search({ cursor, order: 'arrival' }), { code: 'store.cursor_invalid' }, cursor);
});

t.test('time that is too much for one statement is asked in smaller parts', async (t) => {
  const { add, seal, sealed } = await eventStore(t);
  const hourUs = 3_600_000_000;
  for (let i = 1; i <= 12; i++) await add(host, start(i, 'x', i * hourUs));
  await seal(12);
  const longest = hourUs / 10;
  let refused = 0;
  const slow: EventSql = {
    async query(sql, values = []) {
      const [low, high] = values as readonly bigint[];
      if (sql.includes('UNION ALL') && Number(high) - Number(low) > longest) {
        refused++;
        throw new VedetteError('hunt.limit', 'It took too long.');
      }
      return sealed.query(sql, values);
    },
  };
  const segments = new SegmentSearch(slow, async () => sealed.span);
  const found: unknown[] = [];
  for (let after: Place | null = null, page = 0; page < 200; page++) {
    const answer: NewestPage = await segments.newest({
      filter: everything,
      since: 0,
      until: Number.POSITIVE_INFINITY,
      limit: 5,
      after,
    });
    found.push(...answer.items.map(({ event }) => event['process.pid']));
    after = answer.searchedTo;
    if (after === null) break;
  }
  t.ok(refused > 0);
  t.strictSame(found, [12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1], 'each once');
});
