import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { crc32 } from 'node:zlib';
import { type AdvisoryRecord, advisoryBounds } from '#shared/detect/detectors/advisory/record.ts';

/** Where imported advisories are kept in the data folder: a record a line. */
export function advisoryFileIn(dataFolder: string): string {
  return join(dataFolder, 'advisories', 'advisories.jsonl');
}

/** A number that is another when the file is; 0 where there is none. */
export async function revisionOf(file: string): Promise<number> {
  const stats = await stat(file).catch(() => undefined);
  return stats === undefined ? 0 : 1 + crc32(`${stats.size} ${stats.mtimeMs} ${stats.ino}`);
}

/** The records of a file; none where it is not there. A line that is no record is passed over: the disk has changed it. */
export async function* readRecords(file: string): AsyncIterableIterator<AdvisoryRecord> {
  if ((await revisionOf(file)) === 0) return;
  let count = 0;
  for await (const line of createInterface({
    input: createReadStream(file),
    crlfDelay: Number.POSITIVE_INFINITY,
  })) {
    if (++count > advisoryBounds.records) return;
    const record = recordOf(line);
    if (record !== undefined) yield record;
  }
}

function recordOf(line: string): AdvisoryRecord | undefined {
  try {
    const record = JSON.parse(line) as AdvisoryRecord;
    const isSound = [record.id, record.type, record.name].every((one) => typeof one === 'string');
    return isSound && Array.isArray(record.ranges) ? record : undefined;
  } catch {
    return undefined;
  }
}
