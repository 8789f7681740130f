import type { InfiniteData } from '@tanstack/react-query';
import type { AlertJson } from '../../api/json/alert.ts';
import { levels, type Page } from '../../store/contract.ts';
import type { AlertFilters } from './queries.ts';

export type AlertPages = InfiniteData<Page<AlertJson>, string | null>;

function passes(alert: AlertJson, { status, minLevel }: AlertFilters): boolean {
  const highEnough = levels.indexOf(alert.level) >= levels.indexOf(minLevel);
  return highEnough && (status === 'all' || alert.status === status);
}

/**
 * The pages with this alert as it now stands: replaced in place, put first when it is not there and newer than
 * what is, taken out when the filter no longer lets it through.
 */
export function withAlert(pages: AlertPages, alert: AlertJson, filters: AlertFilters): AlertPages {
  const shown = passes(alert, filters);
  const known = pages.pages.some((page) => page.items.some(({ id }) => id === alert.id));
  const replaced = pages.pages.map((page) => ({
    ...page,
    items: page.items.flatMap((item) => (item.id !== alert.id ? [item] : shown ? [alert] : [])),
  }));
  const [first, ...rest] = replaced;
  if (known || !shown || first === undefined) return { ...pages, pages: replaced };
  const items = [alert, ...first.items].sort((a, b) => (a.raisedAt < b.raisedAt ? 1 : -1));
  return { ...pages, pages: [{ ...first, items }, ...rest] };
}
