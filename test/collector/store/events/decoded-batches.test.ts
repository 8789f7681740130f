/** The newest batches stay decoded, within bounds; searches find the same with them and without. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parseFilter } from '#shared/filter/parse.ts';
import { encodeBatch } from '#shared/protocol/codec/encode.ts';
import type { EventRow } from '#shared/schema/columns.ts';
import { DecodedBatches } from '../../../../collector/store/events/decoded-batches.ts';
import { searchTail } from '../../../../collector/store/events/tail-search.ts';
import { openJournalReader } from '../../../../collector/store/journal/reader.ts';
import { openJournalWriter } from '../../../../collector/store/journal/writer.ts';
import { randomOf, sampleEvents } from '../../../../scripts/bench/sample-events.ts';
import { tempFolder } from '../../../temp.ts';
import { append } from '../segments/stored.ts';

const startUs = 1_790_000_000_000_000;
const eventsOf = (n: number) => sampleEvents(randomOf(n), 20, startUs + n * 1e6) as unknown as EventRow[];
const batchOf = (sequence: number) => ({
  listed: { id: sequence, hostId: 'h', stream: 's', sequence, maxTime: startUs + sequence * 1e6 },
  data: encodeBatch(eventsOf(sequence)).data,
});

t.test('the newest are held, whatever comes after them, and no more than there is room for', (t) => {
  const all = Array.from({ length: 40 }, (_, n) => batchOf(n + 1));
  const greatest = Math.max(...all.map(({ data }) => data.length));
  const batches = new DecodedBatches(greatest * 10);
  for (const { listed, data } of [...all].reverse()) {
    t.equal(batches.decode(listed, data)?.count, 20);
    t.ok(batches.bytes <= greatest * 10);
  }
  t.ok(batches.get(all[39]!.listed), 'the newest');
  t.notOk(batches.get(all[0]!.listed), 'the oldest');
  const newer = batchOf(50);
  batches.decode(newer.listed, newer.data);
  t.ok(batches.get(newer.listed), 'a newer one takes the place of the oldest');
  const { bytes } = batches;
  batches.decode(newer.listed, newer.data);
  t.equal(batches.bytes, bytes, 'once');
  t.equal(new DecodedBatches(greatest).decode(newer.listed, newer.data)?.count, 20, 'one that is too large');
  t.equal(batches.decode(batchOf(60).listed, Buffer.from('no batch')), undefined);
  t.end();
});

t.test('a search finds the same whether batches are held or not', async (t) => {
  const folder = tempFolder(t);
  mkdirSync(join(folder, 'segments'));
  const writer = openJournalWriter(join(folder, 'journal.db'));
  const reader = openJournalReader(join(folder, 'journal.db'));
  t.teardown(async () => {
    await reader.close();
    await writer.close();
  });
  const batches = new DecodedBatches(16 * 1024);
  const parsed = parseFilter('process.name:c*');
  if (!parsed.ok) throw new Error('no filter');
  let seen = 0;
  for (let round = 1; round <= 6; round++) {
    for (let n = 0; n < 50; n++) {
      const sequence = (round - 1) * 50 + n + 1;
      await append(writer, [eventsOf(sequence)], { sequence, collected: (sequence - 1) * 20 });
    }
    for (const limit of [5, 5, 200]) {
      const query = {
        ...{ filter: parsed.value, limit, after: null },
        ...{ since: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY },
      };
      const found = await searchTail(reader, batches, query);
      t.same(found, await searchTail(reader, new DecodedBatches(0), query));
      seen += found.items.length;
    }
  }
  t.ok(batches.bytes > 0 && seen > 600, `${seen} found`);
});
