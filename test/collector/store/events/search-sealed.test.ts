/** Search over the collector's own parts: a journal, listed segments, and the process that runs SQL. */
import { join } from 'node:path';
import t from 'tap';
import type { AnyEvent } from '#shared/events/registry.gen.ts';
import { everything } from '#shared/filter/filter.ts';
import { parseFilter } from '#shared/filter/parse.ts';
import type { EventQuery } from '../../../../collector/store/contract.ts';
import { searchArrivals } from '../../../../collector/store/events/arrival-search.ts';
import { DecodedBatches } from '../../../../collector/store/events/decoded-batches.ts';
import { EventSearch, findInJournal } from '../../../../collector/store/events/search.ts';
import { SegmentSearch } from '../../../../collector/store/events/segment-search.ts';
import { searchTail } from '../../../../collector/store/events/tail-search.ts';
import { openJournalReader } from '../../../../collector/store/journal/reader.ts';
import { host, hunting, otherHost } from './hunting.ts';
import { Sealing } from './sealing.ts';

const noon = 1_700_000_000_000_000;

function start(pid: number, time: number): AnyEvent {
  return {
    type: 'process.start',
    time: noon + time,
    'process.pid': pid,
    'process.entity_id': `e${pid}`,
    'process.start': noon,
    'process.name': pid % 3 === 0 ? 'curl' : 'bash',
    'process.capabilities': ['CAP_A', `CAP_${pid}`],
  };
}

t.test('pages and single events are the same before, while and after batches are sealed', async (t) => {
  const { folder, engine, add } = hunting(t);
  const reader = openJournalReader(join(folder, 'journal.db'));
  const sealing = new Sealing(folder);
  t.teardown(async () => {
    sealing.close();
    await reader.close();
  });
  const decoded = new DecodedBatches();
  const tail = {
    newest: (query: Parameters<typeof searchTail>[2]) => searchTail(reader, decoded, query),
    arrivals: (query: EventQuery) => searchArrivals(reader, query),
    find: (id: string) => findInJournal(reader, id),
  };
  const events = new EventSearch(tail, new SegmentSearch(engine, () => reader.sealedSpan()));
  let pid = 0;
  for (let batch = 0; batch < 6; batch++) {
    // Times that many share, so that their order within an instant matters.
    const own = Array.from({ length: 7 }, () => start(++pid, (pid * 7) % 10));
    await add(batch % 2 === 0 ? host : otherHost, ...own);
  }
  const pages = async (text: string, limit: number, between: () => void = () => undefined) => {
    const parsed = parseFilter(text);
    if (!parsed.ok) throw new Error(text);
    const found = [];
    for (let cursor: string | undefined; ; ) {
      const page = await events.search({
        filter: parsed.value,
        limit,
        order: 'newest',
        ...(cursor !== undefined && { cursor }),
      });
      found.push(...page.items);
      if (page.next === null) return found;
      cursor = page.next;
      between();
    }
  };
  const all = await pages('', 100);
  t.equal(all.length, 42);
  const curls = await pages('Image:* or process.name:CURL', 100);
  t.equal(curls.length, 14);
  t.equal(await reader.sealedSpan(), undefined);

  t.strictSame(await pages('', 5, () => sealing.seal(1)), all, 'sealed while it is paged');
  t.strictSame(await pages('process.name:curl', 4), curls);
  t.strictSame(
    await pages('process.capabilities:cap_9', 4),
    curls.filter(({ event }) => event['process.pid'] === 9),
  );
  t.equal(sealing.seal(100), 0, 'everything is sealed by now');
  t.strictSame(await pages('', 100), all);
  for (const found of all.slice(0, 3)) t.strictSame(await events.find(found.id), found);
  t.equal(await events.find(`${host}:${'c'.repeat(16)}:1:0`), undefined);

  await add(host, start(100, 5));
  const ids = (await pages('', 6)).map(({ id }) => id);
  t.equal(new Set(ids).size, 43, 'one in the journal, which SQL sees too, is there once');
  t.equal(ids.length, 43);
  const page = await events.search({ filter: everything, limit: 3, order: 'newest', since: noon + 9 });
  t.equal(
    page.items.every(({ event }) => event.time === noon + 9),
    true,
  );
});

t.test(
  'files that cannot hold a text are not read, whatever its case, and what is found is the same',
  async (t) => {
    const { folder, engine, add } = hunting(t);
    const reader = openJournalReader(join(folder, 'journal.db'));
    const sealing = new Sealing(folder);
    t.teardown(async () => {
      sealing.close();
      await reader.close();
    });
    const ids = ['AbC-1', 'abc-2', 'ΣΊΣΥΦΟΣ', 'e\u0130'];
    for (const [i, id] of ids.entries()) {
      await add(host, { ...start(i, i * 1e6), 'process.entity_id': id } as AnyEvent);
      sealing.seal(1);
    }
    const asked = 'SELECT count(*) FROM process.start';
    const count = async (text: string, column = 'process.entity_id') => {
      const needed = [{ type: 'process.start', column, text }];
      return (await engine.query(asked, [], {}, { needed })).rows[0]?.[0];
    };
    t.equal(await count('abc-1'), 1, 'only one of the files');
    t.equal(await count('σίσυφοσ'), 1);
    t.equal(await count('nowhere'), 0);
    t.equal(await count('nowhere', 'process.name'), 4, 'a column without filters');
    const { rows } = await engine.query(asked, [], {}, { since: noon + 1e6, until: noon + 2e6 });
    t.same(rows, [[2]], 'events of those instants');
    const search = new SegmentSearch(engine, () => reader.sealedSpan());
    for (const [text, found] of [
      ['process.entity_id:ABC-1', ['AbC-1']],
      ['ProcessGuid:abc-1 type:process.start', ['AbC-1']],
      ['process.entity_id:σίσυφος', ['ΣΊΣΥΦΟΣ']],
      ['process.entity_id:EI', ['e\u0130']],
      ['process.entity_id:abc-1 or process.entity_id:abc-2', ['abc-2', 'AbC-1']],
      ['not process.entity_id:abc-1', ['e\u0130', 'ΣΊΣΥΦΟΣ', 'abc-2']],
      ['process.entity_id:abc-*', ['abc-2', 'AbC-1']],
      ['process.entity_id:nowhere', []],
    ] as const) {
      const filter = parseFilter(text);
      if (!filter.ok) throw new Error(text);
      const query = { filter: filter.value, since: 0, until: 2 ** 52, limit: 10, after: null };
      const { items } = await search.newest(query);
      t.same(
        items.map(({ event }) => event['process.entity_id']),
        found,
        text,
      );
    }
  },
);
