import type { CorrelationRule, CorrelationType } from '../../document.ts';
import { eventCount } from './event-count.ts';
import { figureOf } from './figure.ts';
import { percentile } from './percentile.ts';
import { mean, sum } from './sum.ts';
import { temporal } from './temporal.ts';
import { temporalOrdered } from './temporal-ordered.ts';
import { valueCount } from './value-count.ts';
import type { WindowKind } from './window.ts';

const kinds: Readonly<Record<CorrelationType, (rule: CorrelationRule) => WindowKind>> = {
  event_count: () => eventCount,
  value_count: () => valueCount,
  temporal: () => temporal,
  temporal_ordered: () => temporalOrdered,
  value_sum: () => figureOf(sum),
  value_avg: () => figureOf(mean),
  value_percentile: ({ percentile: share }) => figureOf(percentile(share)),
  value_median: () => figureOf(percentile(50)),
};

export function windowKindOf(rule: CorrelationRule): WindowKind {
  return kinds[rule.type](rule);
}
