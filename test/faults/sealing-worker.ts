/** A sealer that seals and merges as fast as it can, until it is killed. FOLDER KEYS */
import { join } from 'node:path';
import { SealerLoop } from '../../collector/store/segments/sealer-loop.ts';

const [folder, keyFile = ''] = process.argv.slice(2) as [string, string?];
const loop = new SealerLoop(
  {
    journalPath: join(folder, 'journal.db'),
    keyFile,
    controlPath: join(folder, 'control.db'),
    folder: join(folder, 'segments'),
    ...{ sealEvents: 400, sealMs: 1000, graceMs: 0, lookMs: 5 },
    retention: { days: 0, daysByType: {}, maxBytes: 0 },
    stop: new SharedArrayBuffer(4),
  },
  {
    onSealed: () => process.stdout.write('.'),
    onProblem: (detail) => process.stderr.write(`${detail}\n`),
    onFailedSync: (error) => process.stderr.write(`${error.line}\n`),
  },
);
loop.sealable = Number.MAX_SAFE_INTEGER;
