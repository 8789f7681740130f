/**
 * Entry of the process of one backtest. A process of its own and not a thread: what it takes of memory and time must
 * never be missed by detection. It ends with its report.
 */

import { writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { VedetteError } from '#shared/errors.ts';
import type { FromProcess, ToProcess } from './backtest/contract.ts';
import { runBacktest } from './backtest/run.ts';

if (process.send === undefined) throw new Error('backtest.process.ts is started by the collector only');

/** Below the collector's own work. */
const niceness = 10;
const threadEntry = new URL('./backtest.worker.ts', import.meta.url);

function post(message: FromProcess): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    else process.send(message, () => resolve());
  });
}

/** When memory runs out the kernel is to end this process rather than the collector. */
function stepBack(): void {
  try {
    setPriority(niceness);
    if (process.platform === 'linux') writeFileSync('/proc/self/oom_score_adj', '900');
  } catch {
    // A sandbox may forbid either.
  }
}

process.umask(0o077);
// The collector has gone, maybe without a word.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
// The terminal sends these to the whole group; the collector decides.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
process.once('message', async ({ order }: ToProcess) => {
  stepBack();
  try {
    const onProgress = (progress: Parameters<Parameters<typeof runBacktest>[2]>[0]) =>
      void post({ say: 'progress', progress });
    const { report } = await runBacktest(order, threadEntry, onProgress);
    await post({ say: 'report', report });
  } catch (error) {
    const known =
      error instanceof VedetteError
        ? error
        : new VedetteError('backtest.failed', `${(error as Error).message}.`);
    await post({ say: 'failure', code: known.code, detail: known.detail });
  }
  process.exit(0);
});
