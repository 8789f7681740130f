import { useQuery } from '@tanstack/react-query';
import type { CommandJson } from '../../api/json/command.ts';
import type { EventJson } from '../../api/json/event.ts';
import type { HostWithRiskJson } from '../../api/json/host.ts';
import type { HostRulesJson } from '../../api/json/host-rules.ts';
import type { RiskJson } from '../../api/json/risk.ts';
import type { CertificateJson } from '../../api/resources/certificates.ts';
import type { Page } from '../../store/contract.ts';
import { request } from './request.ts';

const slowPollMs = 15_000;
const inHost = (id: string, rest = '') => `/hosts/${encodeURIComponent(id)}${rest}`;

export function useHost(id: string) {
  return useQuery({
    queryKey: ['host', id],
    queryFn: () => request<HostWithRiskJson>('GET', inHost(id)),
    refetchInterval: slowPollMs,
  });
}

/** How much reason there is to look at each host and user, the highest first. */
export function useRisk() {
  return useQuery({
    queryKey: ['risk'],
    queryFn: () => request<{ items: readonly RiskJson[] }>('GET', '/risk?limit=500'),
    refetchInterval: slowPollMs * 2,
  });
}

/** Which bundle of rules each host runs. */
export function useHostRules() {
  return useQuery({
    queryKey: ['host-rules'],
    queryFn: () => request<{ items: readonly HostRulesJson[] }>('GET', '/rules/hosts'),
    refetchInterval: slowPollMs * 2,
  });
}

export function useCertificates(id: string) {
  return useQuery({
    queryKey: ['certificates', id],
    queryFn: () => request<{ items: readonly CertificateJson[] }>('GET', inHost(id, '/certificates')),
  });
}

export function useCommands(host: string) {
  return useQuery({
    queryKey: ['commands', host],
    queryFn: () =>
      request<Page<CommandJson>>('GET', `/commands?${new URLSearchParams({ host, limit: '100' })}`),
    refetchInterval: slowPollMs,
  });
}

/** The newest stored events of some types on one host; as often as somebody asks. */
export function useStoredEvents(host: string, types: readonly string[], isWanted: boolean) {
  return useQuery({
    queryKey: ['stored', host, types],
    queryFn: () => {
      const query = new URLSearchParams({ host, limit: '1000' });
      for (const type of types) query.append('type', type);
      return request<Page<EventJson>>('GET', `/events?${query}`);
    },
    enabled: isWanted,
  });
}
