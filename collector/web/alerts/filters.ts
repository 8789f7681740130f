import { useMemo } from 'react';
import {
  type AlertStatus,
  type AlertVerdict,
  alertStatuses,
  alertVerdicts,
  type Level,
  levels,
} from '../../store/contract.ts';
import { setParameters, useParameters } from '../route/place.ts';

/** Which alerts are wanted; texts are '' where anything will do. */
export interface AlertFilters {
  readonly status: AlertStatus | 'all';
  readonly minLevel: Level;
  /** Id of a host. */
  readonly host: string;
  /** Id of a rule. */
  readonly rule: string;
  readonly tag: string;
  readonly user: string;
  readonly text: string;
  readonly verdict: AlertVerdict | '';
  readonly story: string;
  /** The `key` of an alert: those about the same. */
  readonly key: string;
  /** How far back, e.g. `24h`; or from `since` to `until`. */
  readonly time: string;
  readonly since: string;
  readonly until: string;
}

export const anyAlert: AlertFilters = {
  ...{ status: 'open', minLevel: 'informational', host: '', rule: '', tag: '', user: '', text: '' },
  ...{ verdict: '', story: '', key: '', time: '', since: '', until: '' },
};

/** How far back the choice of time goes, in milliseconds. */
export const spans: Readonly<Record<string, number>> = {
  '1h': 3_600_000,
  '24h': 86_400_000,
  '7d': 7 * 86_400_000,
  '30d': 30 * 86_400_000,
};

function oneOf<T extends string, U extends string>(values: readonly T[], text: string, usual: U): T | U {
  return values.find((value) => value === text) ?? usual;
}

/** What the address asks for; what it says that is nothing is passed over. */
export function filtersIn(query: URLSearchParams): AlertFilters {
  const text = (name: string) => query.get(name) ?? '';
  return {
    status: oneOf([...alertStatuses, 'all'], text('status'), 'open'),
    minLevel: oneOf(levels, text('level'), 'informational'),
    verdict: oneOf(alertVerdicts, text('verdict'), ''),
    ...{ host: text('host'), rule: text('rule'), tag: text('tag'), user: text('user'), text: text('text') },
    ...{ story: text('story'), key: text('key') },
    time: Object.hasOwn(spans, text('time')) ? text('time') : '',
    ...{ since: text('since'), until: text('until') },
  };
}

/** Parameters of the address that ask for this. */
function parametersOf(filters: Partial<AlertFilters>): Record<string, string | null> {
  return Object.fromEntries(
    Object.entries(filters).map(([name, value]) => [
      name === 'minLevel' ? 'level' : name,
      value === anyAlert[name as keyof AlertFilters] ? null : value,
    ]),
  );
}

/** Parameters of the API's /alerts that ask for this, as of now. */
export function requestOf(filters: AlertFilters, nowMs: number): URLSearchParams {
  const { status, minLevel, time, ...texts } = filters;
  const query = new URLSearchParams();
  if (status !== 'all') query.set('status', status);
  if (minLevel !== 'informational') query.set('minLevel', minLevel);
  for (const [name, value] of Object.entries(texts)) if (value !== '') query.set(name, value);
  const spanMs = spans[time];
  if (spanMs !== undefined) query.set('since', new Date(nowMs - spanMs).toISOString());
  return query;
}

/** The filters of the address, and how to change some of them. */
export function useAlertFilters(): readonly [AlertFilters, (change: Partial<AlertFilters>) => void] {
  const query = useParameters();
  const filters = useMemo(() => filtersIn(query), [query]);
  return [filters, changeFilters];
}

function changeFilters(change: Partial<AlertFilters>): void {
  setParameters(parametersOf(change));
}
