/** A span of time that is asked about, as the address of the page has it. */
import { setParameters, useParameter } from '../route/place.ts';

export const lasts = ['15m', '1h', '6h', '24h', '7d', '30d', 'all'] as const;
export type Last = (typeof lasts)[number];

export const lastWords: Readonly<Record<Last, string>> = {
  '15m': 'Last 15 minutes',
  '1h': 'Last hour',
  '6h': 'Last 6 hours',
  '24h': 'Last 24 hours',
  '7d': 'Last 7 days',
  '30d': 'Last 30 days',
  all: 'All time',
};

const lastMs: Readonly<Record<Last, number>> = {
  '15m': 900_000,
  '1h': 3_600_000,
  '6h': 21_600_000,
  '24h': 86_400_000,
  '7d': 604_800_000,
  '30d': 2_592_000_000,
  all: Number.POSITIVE_INFINITY,
};

export type Span =
  | { readonly last: Last }
  /** ISO 8601, both inclusive. */
  | { readonly since: string; readonly until: string };

/** The bounds of a span as of now; absent where it is open. */
export function boundsOf(
  span: Span,
  nowMs = Date.now(),
): { readonly since?: string; readonly until?: string } {
  if ('since' in span) return { since: span.since, until: span.until };
  return span.last === 'all' ? {} : { since: new Date(nowMs - lastMs[span.last]).toISOString() };
}

const isInstant = (text: string) => text !== '' && !Number.isNaN(Date.parse(text));
const isLast = (text: string): text is Last => (lasts as readonly string[]).includes(text);

export function useSpan(usual: Last): [span: Span, set: (span: Span) => void] {
  const [last] = useParameter('last');
  const [since] = useParameter('since');
  const [until] = useParameter('until');
  const span: Span =
    isInstant(since) && isInstant(until) ? { since, until } : { last: isLast(last) ? last : usual };
  return [span, showSpan];
}

export function showSpan(span: Span): void {
  setParameters(
    'since' in span
      ? { last: null, since: span.since, until: span.until }
      : { last: span.last, since: null, until: null },
  );
}
