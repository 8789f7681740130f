import { Worker } from 'node:worker_threads';
import { VedetteError } from '#shared/errors.ts';
import type { RuleSource } from '../rule-source.ts';
import type { Coverage } from './coverage.ts';

/** A thread that takes longer is given up. */
const maxMs = 60_000;

/**
 * The coverage of rules without what was seen: thousands of rules take seconds to compile, which nothing else is to
 * wait for. Rejects with `api.timeout`.
 */
export function coverageInThread(entry: URL, source: RuleSource): Promise<Coverage> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(entry, { workerData: source });
    const timer = setTimeout(() => {
      void worker.terminate();
      reject(new VedetteError('api.timeout', 'The rules took too long to be compiled.'));
    }, maxMs);
    worker.once('message', (coverage: Coverage) => resolve(coverage));
    worker.once('error', reject);
    worker.once('exit', () => {
      clearTimeout(timer);
      reject(new VedetteError('api.internal', 'The thread ended without an answer.'));
    });
  });
}
