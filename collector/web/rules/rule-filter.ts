import { type Level, levels } from '../../store/contract.ts';
import type { ListedRule } from './rule-queries.ts';

export const ruleStates = ['fired', 'silent', 'noisy', 'own', 'pack', 'gone'] as const;
export type RuleState = (typeof ruleStates)[number];

export const stateWords: Readonly<Record<RuleState, string>> = {
  fired: 'Raised alerts in 30 days',
  silent: 'Raised none',
  noisy: 'More false than true',
  own: 'Written here',
  pack: 'Of the starter pack',
  gone: 'Not loaded any more',
};

const isOfPack = ({ file }: ListedRule) => /(?:^|\/)(?:starter-pack|pack)\//.test(file);

const tests: Readonly<Record<RuleState, (rule: ListedRule) => boolean>> = {
  fired: ({ alerts }) => alerts > 0,
  silent: ({ alerts }) => alerts === 0,
  noisy: ({ truePositives, falsePositives }) => falsePositives > truePositives,
  own: (rule) => rule.isLoaded && !isOfPack(rule),
  pack: isOfPack,
  gone: ({ isLoaded }) => !isLoaded,
};

export interface RuleFilter {
  readonly search: string;
  /** Least level; empty: any. */
  readonly level: string;
  readonly state: RuleState | '';
}

export function passes(rule: ListedRule, { search, level, state }: RuleFilter): boolean {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const text = [rule.title, rule.id, rule.level, rule.logsource, ...rule.tags].join('\n').toLowerCase();
  const isGrave = level === '' || levels.indexOf(rule.level) >= levels.indexOf(level as Level);
  return isGrave && words.every((word) => text.includes(word)) && (tests[state as RuleState]?.(rule) ?? true);
}
