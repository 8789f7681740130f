/** Entry of a thread that checks one source and ends: compiling and testing thousands of rules takes seconds. */
import { parentPort, workerData } from 'node:worker_threads';
import { VedetteError } from '#shared/errors.ts';
import { checkSource } from './bundles/check.ts';
import type { CheckOutput } from './bundles/check-thread.ts';
import type { SourceFiles } from './bundles/source.ts';

const post = (output: CheckOutput) => parentPort?.postMessage(output);
try {
  post({ ok: true, value: await checkSource(workerData as SourceFiles) });
} catch (error) {
  const known = error instanceof VedetteError ? error : new VedetteError('internal', String(error));
  post({ ok: false, error: { code: known.code, detail: known.detail } });
}
