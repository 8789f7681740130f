import { Worker } from 'node:worker_threads';
import { type ErrorCode, VedetteError } from '#shared/errors.ts';
import type { CheckedSource } from './check.ts';
import type { SourceFiles } from './source.ts';

/** Bounds on one check. */
export const checkBounds = { timeoutMs: 300_000, memoryMiB: 1024 } as const;

export type CheckOutput =
  | { readonly ok: true; readonly value: CheckedSource }
  | { readonly ok: false; readonly error: { readonly code: ErrorCode; readonly detail: string } };

/**
 * Checks a source in a thread of its own, so that rules which take long or much keep nobody waiting.
 * Throws `rules.check_failed` beyond the bounds, and what `checkSource` throws.
 */
export function checkInThread(entry: URL, files: SourceFiles): Promise<CheckedSource> {
  const worker = new Worker(entry, {
    workerData: new Map([...files].map(([path, data]) => [path, Uint8Array.from(data)])),
    resourceLimits: { maxOldGenerationSizeMb: checkBounds.memoryMiB },
  });
  return new Promise<CheckedSource>((resolve, reject) => {
    const refuse = (detail: string) => reject(new VedetteError('rules.check_failed', detail));
    const timer = setTimeout(
      () => refuse(`It took longer than ${checkBounds.timeoutMs / 1000} s.`),
      checkBounds.timeoutMs,
    );
    worker.on('message', (output: CheckOutput) => {
      if (output.ok) resolve(output.value);
      else reject(new VedetteError(output.error.code, output.error.detail));
    });
    worker.on('error', (error) => refuse(`${error.message}.`));
    worker.on('exit', () => {
      clearTimeout(timer);
      refuse('The check ended without an answer.');
    });
  }).finally(() => void worker.terminate());
}
