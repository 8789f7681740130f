import type { InfiniteData } from '@tanstack/react-query';
import type { AlertJson } from '../../api/json/alert.ts';
import { levels, type Page } from '../../store/contract.ts';
import type { AlertFilters } from '../alerts/filters.ts';

export type AlertPages = InfiniteData<Page<AlertJson>, string | null>;

/** A technique holds of those under it, as the API has it. */
function hasTag({ tags }: AlertJson, tag: string): boolean {
  const wanted = tag.toLowerCase();
  return tags.some((one) => one.toLowerCase() === wanted || one.toLowerCase().startsWith(`${wanted}.`));
}

/** What can be told here of whether a filter lets an alert through; `unsure` where only the collector can tell. */
export function passes(alert: AlertJson, filters: AlertFilters): boolean | 'unsure' {
  const { status, minLevel, host, rule, tag, verdict, story, key } = filters;
  const isOut =
    levels.indexOf(alert.level) < levels.indexOf(minLevel) ||
    (status !== 'all' && alert.status !== status) ||
    (host !== '' && alert.hostId !== host) ||
    (rule !== '' && alert.ruleId !== rule) ||
    (verdict !== '' && alert.verdict !== verdict) ||
    (story !== '' && alert.storyId !== story) ||
    (key !== '' && alert.key !== key) ||
    (tag !== '' && !hasTag(alert, tag)) ||
    (filters.since !== '' && alert.raisedAt < filters.since) ||
    (filters.until !== '' && alert.raisedAt > filters.until);
  if (isOut) return false;
  return filters.user === '' && filters.text === '' ? true : 'unsure';
}

const isNewer = (a: AlertJson, b: AlertJson) =>
  a.raisedAt > b.raisedAt || (a.raisedAt === b.raisedAt && a.id > b.id);

/**
 * The pages with this alert as it now stands: replaced in place, put where it belongs when it is not there, taken out when
 * the filter no longer lets it through. Undefined where only the collector knows whether it belongs there.
 */
export function withAlert(
  pages: AlertPages,
  alert: AlertJson,
  filters: AlertFilters,
): AlertPages | undefined {
  const passed = passes(alert, filters);
  const known = pages.pages.some((page) => page.items.some(({ id }) => id === alert.id));
  const replaced = pages.pages.map((page) => ({
    ...page,
    items: page.items.flatMap((item) => (item.id !== alert.id ? [item] : passed === false ? [] : [alert])),
  }));
  const [first, ...rest] = replaced;
  if (known || passed === false || first === undefined) return { ...pages, pages: replaced };
  if (passed === 'unsure') return undefined;
  const at = first.items.findIndex((item) => isNewer(alert, item));
  const isOlder = at < 0 && (first.next !== null || rest.length > 0);
  if (isOlder) return undefined;
  const items = first.items.toSpliced(at < 0 ? first.items.length : at, 0, alert);
  return { ...pages, pages: [{ ...first, items }, ...rest] };
}
