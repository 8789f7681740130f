import type { InfiniteData, QueryClient } from '@tanstack/react-query';
import type { AlertJson } from '../../api/json/alert.ts';
import type { HostJson } from '../../api/json/host.ts';
import type { Page } from '../../store/contract.ts';
import { pageOfAlert, pageOfHost } from '../data/address.ts';
import type { IconName } from './icon.tsx';
import type { NavigationEntry } from './navigation.tsx';

/** Something the palette leads to. */
export interface Target {
  readonly address: string;
  readonly icon: IconName;
  readonly title: string;
  readonly note: string;
}

const maxTargets = 12;
/** What an id looks like: the palette offers to open an alert that is not in any list yet. */
const idPattern = /^[\w:.-]{8,128}$/;

const has = (text: string, words: readonly string[]) =>
  words.every((word) => text.toLowerCase().includes(word));

function alertsKept(queries: QueryClient): readonly AlertJson[] {
  const byId = new Map<string, AlertJson>();
  for (const [, data] of queries.getQueriesData<InfiniteData<Page<AlertJson>>>({ queryKey: ['alerts'] }))
    for (const alert of data?.pages.flatMap((page) => page.items) ?? []) byId.set(alert.id, alert);
  return [...byId.values()];
}

/** What fits the words, pages first; without words the pages. */
export function targetsFor(
  text: string,
  entries: readonly NavigationEntry[],
  hosts: readonly HostJson[],
  queries: QueryClient,
): readonly Target[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const toPages = entries
    .filter(({ title }) => has(title, words))
    .map(({ path, title, navigation }) => ({
      ...{ address: path, icon: navigation.icon, title, note: 'Page' },
    }));
  if (words.length === 0) return toPages;
  const toHosts = hosts
    .filter(({ hostname, id }) => has(`${hostname} ${id}`, words))
    .map(({ id, hostname }) => ({
      ...{ address: pageOfHost(id), icon: 'hosts' as const, title: hostname, note: 'Host' },
    }));
  const alerts = alertsKept(queries).filter(({ id, ruleTitle, hostName }) =>
    has(`${id} ${ruleTitle} ${hostName}`, words),
  );
  const toAlerts = alerts.map(({ id, ruleTitle, hostName }) => ({
    ...{ address: pageOfAlert(id), icon: 'alerts' as const, title: ruleTitle, note: `Alert on ${hostName}` },
  }));
  const id = text.trim();
  const toId =
    idPattern.test(id) && !alerts.some((alert) => alert.id === id)
      ? [{ address: pageOfAlert(id), icon: 'alerts' as const, title: id, note: 'Alert by its id' }]
      : [];
  return [...toPages, ...toHosts, ...toAlerts].slice(0, maxTargets).concat(toId);
}
