/** A store of events that can be hunted: a real journal, and the real process that runs statements. */
import { join } from 'node:path';
import type { Test } from 'tap';
import type { AnyEvent } from '#shared/events/registry.gen.ts';
import type { SqlPart, SqlRequest } from '../../../../collector/store/contract.ts';
import { SqlEngine } from '../../../../collector/store/events/sql/engine.ts';
import type { HostName } from '../../../../collector/store/events/sql/views.ts';
import type { JournalWriter } from '../../../../collector/store/journal/contract.ts';
import { openJournalWriter } from '../../../../collector/store/journal/writer.ts';
import { batchOf } from '../../../events.ts';
import { tempFolder } from '../../../temp.ts';

export const host = 'a'.repeat(16);
export const otherHost = 'b'.repeat(16);
export const hostNames: readonly HostName[] = [
  { id: host, name: 'web-1' },
  { id: otherHost, name: "o'brien" },
];
const entry = new URL('../../../../collector/hunt.process.ts', import.meta.url);

export interface Hunting {
  readonly folder: string;
  readonly engine: SqlEngine;
  readonly writer: JournalWriter;
  /** Stores a batch of a host, as its agent would send it. */
  add(hostId: string, ...events: readonly AnyEvent[]): Promise<void>;
  /** All rows of a statement, as objects. */
  rows(sql: string, over?: Partial<SqlRequest>): Promise<readonly Record<string, unknown>[]>;
  /** Code and detail of the error a statement ends with. */
  refusal(sql: string, over?: Partial<SqlRequest>): Promise<{ code: string; detail: string }>;
}

export function requestOf(sql: string, over: Partial<SqlRequest> = {}): SqlRequest {
  return { sql, parameters: {}, bounds: { maxRows: 10_000, timeoutMs: 60_000 }, ...over };
}

export async function collect(parts: AsyncGenerator<SqlPart>): Promise<SqlPart[]> {
  const all: SqlPart[] = [];
  for await (const part of parts) all.push(part);
  return all;
}

export function hunting(t: Test, memoryBytes = 256 * 1024 ** 2): Hunting {
  const folder = tempFolder(t);
  const writer = openJournalWriter(join(folder, 'journal.db'));
  const engine = new SqlEngine({
    entry,
    folder,
    threads: 2,
    memoryBytes,
    spillBytes: 0,
    hostNames: async () => hostNames,
    log: () => undefined,
  });
  t.teardown(async () => {
    await engine.close();
    await writer.close();
  });
  const marks = new Map<string, number>();
  const stream = (hostId: string) => hostId.slice(0, 8) + 'c'.repeat(8);
  const never = new AbortController().signal;
  const rows: Hunting['rows'] = async (sql, over) => {
    let text = '';
    for await (const part of engine.stream(requestOf(sql, over), 'objects', never))
      if (part.part === 'text') text += part.text;
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  };
  return {
    folder,
    engine,
    writer,
    rows,
    async add(hostId, ...events) {
      const { counts, minTime, maxTime, data, count } = batchOf(...events);
      const sequence = (marks.get(hostId) ?? 0) + 1;
      marks.set(hostId, sequence);
      const place = { hostId, stream: stream(hostId), sequence };
      const record = { ...place, collected: sequence, stored: count, lost: {}, counts, minTime, maxTime };
      await writer.append([{ ...record, receivedAt: maxTime, data }]);
    },
    async refusal(sql, over) {
      try {
        await rows(sql, over);
      } catch (error) {
        const { code, detail } = error as { code: string; detail: string };
        return { code, detail };
      }
      return { code: 'none', detail: '' };
    },
  };
}
