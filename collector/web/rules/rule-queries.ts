import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { BundleListJson, RootJson } from '../../api/json/bundle.ts';
import type { RuleStatsJson } from '../../api/json/rule-stats.ts';
import { request } from '../data/request.ts';
import { useRuleStats } from '../data/rule-queries.ts';

interface LoadedRule {
  readonly id: string;
  readonly title: string;
  readonly tags: readonly string[];
  readonly logsource: Readonly<Record<string, string>>;
  readonly file: string;
}

interface LoadedRulesJson {
  readonly bundle: BundleListJson['inForce'];
  readonly rules: readonly LoadedRule[];
  readonly problems: readonly {
    readonly severity: 'error' | 'warning';
    readonly file: string;
    readonly line: number;
    readonly message: string;
    readonly action: string;
  }[];
}

/** A rule as the list shows it: what it is, and what it raised in the last 30 days. */
export interface ListedRule extends RuleStatsJson {
  readonly tags: readonly string[];
  readonly logsource: string;
  readonly file: string;
}

export function useLoadedRules() {
  return useQuery({ queryKey: ['rules'], queryFn: () => request<LoadedRulesJson>('GET', '/rules') });
}

/** All rules, those that raised most first. */
export function useListedRules() {
  const loaded = useLoadedRules();
  const stats = useRuleStats();
  const rules = useMemo(() => {
    const byId = new Map(loaded.data?.rules.map((rule) => [rule.id, rule]));
    return (stats.data?.items ?? []).map((rule): ListedRule => {
      const { tags = [], logsource = {}, file = '' } = byId.get(rule.id) ?? {};
      return { ...rule, tags, file, logsource: Object.values(logsource).join(' ') };
    });
  }, [loaded.data, stats.data]);
  return { rules, loaded, stats };
}

/** For what the collector may sign by itself. */
export function useRulesRoot() {
  return useQuery({ queryKey: ['rules-root'], queryFn: () => request<RootJson>('GET', '/rules/root') });
}

export function useBundles() {
  return useQuery({
    queryKey: ['rule-bundles'],
    queryFn: () => request<BundleListJson>('GET', '/rules/bundles'),
  });
}
