/** Sigma rules: parse → compile → match → correlate. See README.md. */
export { type CompiledCorrelation, hostFields, type Referred } from './compile/correlation.ts';
export type { AppliedFilter } from './compile/filter.ts';
export type { ValueLists } from './compile/item.ts';
export type { CompiledRule } from './compile/rule.ts';
export {
  type CompiledSet,
  compileRules,
  type RuleSet,
  type RuleSetOptions,
} from './compile/rule-set.ts';
export { latenessUs } from './correlate/bounds.ts';
export type { CorrelationEvent, CorrelationStats, Firing } from './correlate/contract.ts';
export {
  CorrelationEngine,
  type CorrelationOptions,
  type FeedScope,
  type RestoreOutcome,
} from './correlate/engine.ts';
export type {
  Condition,
  CorrelationRule,
  DetectionRule,
  FilterRule,
  Item,
  RuleHeader,
  RuleLevel,
  Search,
  SigmaDocument,
} from './document.ts';
export { ruleLevels } from './document.ts';
export { failureOf } from './fault.ts';
export { fieldKey, fieldMapOf } from './fields.ts';
export { logsourceFits } from './logsource.ts';
export type { MatchedTest } from './match/explain.ts';
export { Matcher } from './match/matcher.ts';
export type { OnFault, OnMatch } from './match/plan.ts';
export { declaredSchema, type EventSchema, openSchema } from './match/schema.ts';
export { type ParsedFile, parseRules } from './parse/rule.ts';
export { type Applied, applyPipelines } from './pipeline/apply.ts';
export { builtInPipeline, builtInPipelineNames } from './pipeline/built-in.ts';
export { type ParsedPipeline, parsePipeline } from './pipeline/parse.ts';
export type { Pipeline } from './pipeline/pipeline.ts';
export type { Place, RuleProblem } from './problem.ts';
export { boundSimulation } from './regex/simulation.ts';
