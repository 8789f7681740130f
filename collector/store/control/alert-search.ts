import type { Alert, AlertFilter, Page } from '../contract.ts';
import { isAbout, mentions } from './alert-text.ts';
import { encodePlace } from './place.ts';

/** Alerts read at once, and at most for one page: what happened on hosts may be encrypted, so each is opened and looked at. */
const rowsAtOnce = 500;
const mostLookedAt = 5_000;

/** The cursor of what comes after an alert. */
export function placeOf(alert: Alert | undefined): string | null {
  return alert === undefined ? null : encodePlace({ at: alert.raisedAt, id: alert.id });
}

function isWanted(alert: Alert, { user, text }: Pick<AlertFilter, 'user' | 'text'>): boolean {
  return (user === undefined || isAbout(alert, user)) && (text === undefined || mentions(alert, text));
}

/** Goes through pages of alerts for those wanted, until there are `limit` or many were looked at. */
export async function searchAlerts(
  wanted: Pick<AlertFilter, 'user' | 'text'>,
  pageAt: (limit: number, cursor: string | undefined) => Promise<Page<Alert>>,
  limit: number,
  from: string | undefined,
): Promise<Page<Alert>> {
  const items: Alert[] = [];
  let cursor = from;
  for (let lookedAt = 0; lookedAt < mostLookedAt; lookedAt += rowsAtOnce) {
    const page = await pageAt(rowsAtOnce, cursor);
    for (const [i, alert] of page.items.entries()) {
      if (!isWanted(alert, wanted)) continue;
      items.push(alert);
      const isLast = i === page.items.length - 1 && page.next === null;
      if (items.length === limit) return { items, next: isLast ? null : placeOf(alert) };
    }
    if (page.next === null) return { items, next: null };
    cursor = page.next;
  }
  return { items, next: cursor ?? null };
}
