/** Reads and compiles the rules under the folders named, in a process of its own, and prints what it took as JSON. */
import { eventSpecs } from '#shared/events/registry.gen.ts';
import { compileRules, parseRules, type SigmaDocument } from '#shared/sigma/index.ts';
import { readRuleFiles } from '../../../collector/rules/files.ts';
import { costOf } from '../process-cost.ts';

export interface CompileCost {
  readonly rules: number;
  readonly readS: number;
  readonly compileS: number;
  /** Of the whole process, Node included. */
  readonly peakBytes: number;
}

const { texts } = await readRuleFiles(process.argv.slice(2));
const started = performance.now();
const documents: SigmaDocument[] = texts.flatMap(({ file, text }) => [...parseRules(text, file).documents]);
const readAt = performance.now();
const { ruleSet } = compileRules(documents, { specs: Object.values(eventSpecs) });
const compiledAt = performance.now();
const cost: CompileCost = {
  rules: ruleSet.rules.length,
  readS: (readAt - started) / 1e3,
  compileS: (compiledAt - readAt) / 1e3,
  peakBytes: costOf(process.pid).peakBytes,
};
console.log(JSON.stringify(cost));
