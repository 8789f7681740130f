/** A thread that commits alerts; says how many of its commits were ahead of the cursor. */
import { parentPort, workerData } from 'node:worker_threads';
import { openControlStore } from '../../../../collector/store/control/open.ts';
import { newAlert } from './new-alert.ts';

const { path, offset, commits } = workerData as { path: string; offset: number; commits: number };
const store = await openControlStore(path, { durable: false });
let ahead = 0;
for (let i = 0; i < commits; i++) {
  const recorded = await store.detection.commit(offset + 2 * i, [newAlert('shared')]);
  ahead += recorded.length;
}
await store.close();
parentPort?.postMessage(ahead);
