/** Entry of a thread that says once what rules cover. */
import { parentPort, workerData } from 'node:worker_threads';
import { coverageOf } from './rules/coverage/coverage.ts';
import { loadSource, type RuleSource } from './rules/rule-source.ts';

const { ruleSet } = await loadSource(workerData as RuleSource);
parentPort?.postMessage(coverageOf(ruleSet));
