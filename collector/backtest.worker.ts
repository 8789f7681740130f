/** Entry of a thread of a backtest: compiles the rules and looks through the row groups it is given. */
import { parentPort, workerData } from 'node:worker_threads';
import { loadSets } from './backtest/rule-sets.ts';
import { Scan, type Scanned } from './backtest/scan.ts';
import type { ScanAnswer, ScanThreadData } from './backtest/scan-threads.ts';
import type { ScanUnit } from './store/scan/scan-source.ts';

const port = parentPort;
if (port === null) throw new Error('backtest.worker.ts runs as a worker thread only');
const { candidate, inForce, hosts, hostIds, since, until } = workerData as ScanThreadData;

const loading = loadSets(candidate, inForce).then(
  ({ all, observed }) =>
    new Scan(all, hosts, { since, until, ...(hostIds !== undefined && { hostIds }) }, observed),
);

/** The disk has changed the file: the rest of the scan goes on without this part. */
function scanned(scan: Scan, unit: ScanUnit): ScanAnswer {
  try {
    return { scanned: scan.scan(unit) };
  } catch (error) {
    return { damaged: (error as Error).message };
  }
}

/** Arrays that belong to this answer alone go over as they are. */
function transferable({ arrivals }: Scanned): ArrayBuffer[] {
  if (arrivals === null) return [];
  const { sequences, indexes, receivedAt, events } = arrivals;
  return [sequences, indexes, receivedAt, events.times].map(({ buffer }) => buffer as ArrayBuffer);
}

port.on('message', async ({ number, unit }: { number: number; unit: ScanUnit }) => {
  const answer = scanned(await loading, unit);
  port.postMessage({ number, answer }, 'scanned' in answer ? transferable(answer.scanned) : []);
});
