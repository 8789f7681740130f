import { keepPreviousData, useQuery } from '@tanstack/react-query';
import type { BacktestJson } from '../../api/json/backtest.ts';
import type { RuleStatsJson } from '../../api/json/rule-stats.ts';
import type { RuleCheck, RuleCoverage } from '../../store/contract.ts';
import { request } from './request.ts';

export interface RuleTextJson {
  readonly id: string;
  readonly title: string;
  readonly level: RuleStatsJson['level'];
  readonly tags: readonly string[];
  readonly file: string;
  readonly text: string;
  readonly tests: string | null;
}

/** Coverage with what was seen in the last 30 days. */
export type CoverageJson = Omit<RuleCoverage, 'techniques' | 'summary'> & {
  readonly techniques: readonly (RuleCoverage['techniques'][number] & { readonly alerts: number })[];
  readonly summary: RuleCoverage['summary'] & { readonly fired: number };
};

const backtestPollMs = 500;

/** All rules, with what they raised in the last 30 days. */
export function useRuleStats() {
  return useQuery({
    queryKey: ['rule-stats'],
    queryFn: () => request<{ items: readonly RuleStatsJson[] }>('GET', '/rules/stats'),
  });
}

export function useRuleText(id: string) {
  return useQuery({
    queryKey: ['rule', id],
    queryFn: () => request<RuleTextJson>('GET', `/rules/${encodeURIComponent(id)}`),
    // What somebody is writing must not be replaced under their hands.
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
  });
}

export function useRuleCheck(text: string, tests: string) {
  return useQuery({
    queryKey: ['rule-check', text, tests],
    queryFn: () => request<RuleCheck>('POST', '/rules/check', { text, tests }),
    enabled: text !== '',
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
}

export function useCoverage() {
  return useQuery({
    queryKey: ['rule-coverage'],
    queryFn: () => request<CoverageJson>('GET', '/rules/coverage'),
    staleTime: 60_000,
  });
}

/** A backtest that was started, until it has ended. */
export function useBacktest(id: string | null) {
  return useQuery({
    queryKey: ['backtest', id],
    queryFn: () => request<BacktestJson>('GET', `/backtests/${encodeURIComponent(id ?? '')}`),
    enabled: id !== null,
    refetchInterval: ({ state }) =>
      state.data === undefined || state.data.state === 'running' || state.data.state === 'waiting'
        ? backtestPollMs
        : false,
  });
}
