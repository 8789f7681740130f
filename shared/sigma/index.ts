/** Sigma rules: parse → compile → match → correlate. See README.md. */
export { type CompiledCorrelation, hostFields, type Referred } from './compile/correlation.ts';
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
export type { CorrelationRule, DetectionRule, RuleHeader, RuleLevel, SigmaDocument } from './document.ts';
export { fieldKey, fieldMapOf } from './fields.ts';
export { logsourceFits } from './logsource.ts';
export type { MatchedTest } from './match/explain.ts';
export { Matcher } from './match/matcher.ts';
export type { OnFault, OnMatch } from './match/plan.ts';
export { type ParsedFile, parseRules } from './parse/rule.ts';
export type { Place, RuleProblem } from './problem.ts';
