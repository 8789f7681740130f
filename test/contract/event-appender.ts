/** Stores numbered batches as fast as it can until it is killed, and prints how many of them are on the disk. FOLDER KEYS */
import { join } from 'node:path';
import { KeyRing } from '../../collector/encryption/key-ring.ts';
import { openJournalWriter } from '../../collector/store/journal/writer.ts';
import { numberedRecord } from './numbered-record.ts';

const [folder, keys, from] = process.argv.slice(2) as [string, string, string];
const writer = openJournalWriter(join(folder, 'journal.db'), undefined, new KeyRing(keys));
for (let sequence = Number(from) + 1; ; sequence++) {
  const [outcome] = await writer.append([numberedRecord(sequence)]);
  if (outcome?.status === 'gap') throw new Error(`a gap after ${outcome.mark}`);
  process.stdout.write(`${sequence}\n`);
}
