/** Entry of a thread that says once what rules cover. */
import { parentPort, workerData } from 'node:worker_threads';
import { coverageOf } from './rules/coverage/coverage.ts';
import type { CoverageSource } from './rules/coverage/in-thread.ts';
import { loadRules } from './rules/load.ts';

const { rulePaths, listPaths, uses } = workerData as CoverageSource;
const { ruleSet } = await loadRules(rulePaths, listPaths, uses);
parentPort?.postMessage(coverageOf(ruleSet));
