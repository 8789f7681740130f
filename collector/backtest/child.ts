import { type ChildProcess, fork } from 'node:child_process';
import { VedetteError } from '#shared/errors.ts';
import { keyVariable } from '../encryption/key-ring.ts';
import type { BacktestOrder, BacktestProgress, BacktestReport, FromProcess, ToProcess } from './contract.ts';

/** Characters of what the process writes to stderr that are told. */
const maxSaid = 2_048;

/**
 * Runs a backtest in a process of its own; aborting ends the process at once. Rejects with `backtest.*`, or what the
 * process says.
 */
export async function runInProcess(
  entry: URL,
  order: BacktestOrder,
  onProgress: (progress: BacktestProgress) => void,
  signal: AbortSignal,
): Promise<BacktestReport> {
  const cancelled = () => new VedetteError('backtest.cancelled', 'Somebody cancelled it.');
  if (signal.aborted) throw cancelled();
  const keys = process.env[keyVariable];
  const child = fork(entry, {
    // Nothing of our environment but the keys of what it is to read.
    env: { TZ: 'UTC', ...(keys !== undefined && { [keyVariable]: keys }) },
    execArgv: [`--max-old-space-size=${Math.floor(order.memoryBytes / 2 ** 20)}`, '--max-semi-space-size=64'],
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const kill = () => child.kill('SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  try {
    const report = await resultOf(child, order, onProgress);
    if (signal.aborted) throw cancelled();
    return report;
  } catch (error) {
    throw signal.aborted ? cancelled() : error;
  } finally {
    signal.removeEventListener('abort', kill);
    kill();
  }
}

function resultOf(
  child: ChildProcess,
  order: BacktestOrder,
  onProgress: (progress: BacktestProgress) => void,
): Promise<BacktestReport> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stderr?.on('data', (part: Buffer) => {
      said = (said + part.toString()).slice(-maxSaid);
    });
    child.on('message', (message: FromProcess) => {
      if (message.say === 'progress') onProgress(message.progress);
      else if (message.say === 'report') resolve(message.report);
      else reject(new VedetteError(message.code, message.detail));
    });
    child.on('error', (error) => reject(new VedetteError('backtest.failed', `${error.message}.`)));
    child.on('exit', (code, signal) =>
      reject(new VedetteError('backtest.failed', `The process ended: ${code ?? signal}. ${said}`)),
    );
    child.send({ say: 'run', order } satisfies ToProcess, (error) => {
      if (error !== null) reject(new VedetteError('backtest.failed', `${error.message}.`));
    });
  });
}
