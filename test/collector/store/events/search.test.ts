import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { AnyEvent } from '#shared/events/registry.gen.ts';
import type { EventQuery } from '../../../collector/store/contract.ts';
import { type FoundPage, findEvent, searchEvents } from '../../../collector/store/events/search.ts';
import { openJournalReader } from '../../../collector/store/journal/reader.ts';
import { openJournalWriter } from '../../../collector/store/journal/writer.ts';
import { batchOf, numbered } from '../../events.ts';
import { tempFolder } from '../../temp.ts';

const host = 'a'.repeat(16);
const other = 'b'.repeat(16);
/** Of each host its own. */
const streamOf = (hostId: string) => hostId.slice(0, 8) + 'c'.repeat(8);

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

/** A journal of several batches of two hosts; gives a search over it. */
async function journal(t: Test) {
  const path = join(tempFolder(t), 'journal.db');
  const writer = openJournalWriter(path);
  const reader = openJournalReader(path);
  const marks = new Map<string, number>();
  const add = async (hostId: string, ...events: AnyEvent[]) => {
    const batch = batchOf(...events);
    const sequence = (marks.get(hostId) ?? 0) + 1;
    marks.set(hostId, sequence);
    const { counts, minTime, maxTime, data } = batch;
    const lost = {};
    const stream = streamOf(hostId);
    const record = { hostId, stream, sequence, collected: sequence, stored: batch.count, lost, counts };
    await writer.append([{ ...record, minTime, maxTime, receivedAt: maxTime, data }]);
  };
  await add(host, start(1, 'bash -i', 1000), start(2, 'cat /etc/PASSWD', 2000), numbered(1));
  await add(other, start(3, 'cat readme', 1500));
  await add(host, start(4, 'ls', 3000), start(5, 'cat x', 2500));
  t.teardown(async () => {
    await writer.close();
    await reader.close();
  });
  const search = async (query: Partial<EventQuery> = {}): Promise<FoundPage> => {
    const result = await searchEvents(reader, { limit: 100, order: 'newest', ...query });
    if (!result.ok) throw result.error;
    return result.value;
  };
  return { add, reader, search };
}

const pids = (page: FoundPage) =>
  page.items.map((i) => i.event['process.pid']).filter((p) => p !== undefined);

t.test('newest first, over batches and within them', async (t) => {
  const { search } = await journal(t);
  t.strictSame(pids(await search()), [4, 5, 3, 2, 1]);
  t.strictSame(pids(await search({ types: ['process.start'], hostId: host })), [4, 5, 2, 1]);
  t.strictSame(pids(await search({ since: 1500, until: 2500 })), [5, 3, 2]);
});

t.test('tests on fields and text look at letters without regard to case', async (t) => {
  const { search } = await journal(t);
  const where = (...tests: EventQuery['where'] & object) => search({ where: tests });
  t.strictSame(pids(await where({ field: 'process.name', op: 'eq', value: 'CAT' })), [5, 3, 2]);
  t.strictSame(
    pids(await where({ field: 'process.command_line', op: 'contains', value: 'etc/passwd' })),
    [2],
  );
  t.strictSame(pids(await where({ field: 'process.pid', op: 'eq', value: '3' })), [3]);
  t.strictSame(
    pids(
      await where(
        { field: 'process.name', op: 'eq', value: 'cat' },
        { field: 'process.pid', op: 'ne', value: '3' },
      ),
    ),
    [5, 2],
  );
  t.equal((await where({ field: 'package.name', op: 'exists' })).items.length, 1);
  t.equal(
    (await where({ field: 'package.name', op: 'ne', value: 'zzz' })).items.length,
    6,
    'absent is not equal',
  );
  t.strictSame(pids(await search({ text: '/ETC/' })), [2]);
  t.equal((await search({ text: 'nowhere' })).items.length, 0);
});

t.test('pages join without a gap or a repeat, whatever their size', async (t) => {
  const { search } = await journal(t);
  const whole = (await search()).items.map((i) => i.id);
  for (const limit of [1, 2, 3, 5]) {
    const ids: string[] = [];
    for (let cursor: string | undefined; ; ) {
      const page: FoundPage = await search({ limit, cursor });
      ids.push(...page.items.map((i) => i.id));
      if (page.next === null) break;
      cursor = page.next;
    }
    t.strictSame(ids, whole, `pages of ${limit}`);
  }
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
  t.strictSame(
    pids(await search({ order: 'arrival', cursor: '0' })),
    [1, 2, 3, 5, 4, 7, 6, 8],
    'from the start',
  );
});

t.test('an event is found by its id, and a cursor that is none is refused', async (t) => {
  const { reader, search } = await journal(t);
  for (const item of (await search()).items)
    t.strictSame((await findEvent(reader, item.id))?.event, item.event);
  t.equal(await findEvent(reader, 'nonsense'), undefined);
  t.equal(await findEvent(reader, `${host}:${streamOf(host)}:1:99`), undefined);
  await t.rejects(search({ cursor: '1; DROP TABLE batch' }), { code: 'store.cursor_invalid' });
});
