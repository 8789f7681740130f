/** Entry of the sealer thread: moves what was detected from the journal into segments, merges them, and lets old ones go. */
import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { endAtOnce } from './store/failed-sync.ts';
import { SealerLoop, type SealerOptions } from './store/segments/sealer-loop.ts';
import type { SealerInput, SealerOutput } from './store/segments/sealer-thread.ts';

const port = parentPort;
if (port === null) throw new Error('sealer.worker.ts runs as a worker thread only');
try {
  // On Linux this is the priority of the thread that asks: detection and questions go first.
  if (process.platform === 'linux') setPriority(0, 10);
} catch {
  // Where it may not, it runs like the others.
}
const post = (message: SealerOutput) => port.postMessage(message);
const loop = new SealerLoop(workerData as SealerOptions, {
  onSealed: (run) => post({ kind: 'sealed', run }),
  onProblem: (detail) => post({ kind: 'problem', detail }),
  onFailedSync: endAtOnce,
});
port.on('message', (message: SealerInput) => {
  if (message.kind === 'sealable') loop.sealable = message.upTo;
  else if (message.kind === 'retention') loop.retention = message.retention;
  else void loop.close().then(() => port.close());
});
