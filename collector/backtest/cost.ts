import { eventSpecs } from '#shared/events/registry.gen.ts';
import type { ColumnarEvents } from '#shared/schema/columns.ts';
import type { EventSpec } from '#shared/schema/spec.ts';
import { type CompiledRule, Matcher } from '#shared/sigma/index.ts';
import type { ScanUnit } from '../store/scan/scan-source.ts';
import { StoredGroup } from '../store/scan/stored-group.ts';
import { takeRows } from '../store/scan/take-rows.ts';

/** Events of one type that rules are measured on. */
const sampleRows = 4_096;
/** All measuring together; rules that do not get their turn have no figure. */
const budgetMs = 4_000;

const specs: Readonly<Record<string, EventSpec>> = eventSpecs;

/** The first rows of the largest row group of each type. */
export function samplesOf(units: readonly ScanUnit[]): readonly ColumnarEvents[] {
  const largest = new Map<string, ScanUnit>();
  for (const unit of units) if (unit.rows > (largest.get(unit.type)?.rows ?? 0)) largest.set(unit.type, unit);
  return [...largest.values()].flatMap(({ fd, type, place, rows }) => {
    const spec = specs[type];
    if (spec === undefined) return [];
    const wanted = Uint32Array.from({ length: Math.min(rows, sampleRows) }, (_, i) => i);
    try {
      return [takeRows(new StoredGroup(fd, spec, place), wanted)];
    } catch {
      // Damaged, which the scan has told.
      return [];
    }
  });
}

/**
 * Nanoseconds that each rule takes per event of the kinds it is about, alone; by id. What rules share
 * is counted for each of them, so that the sum is more than what all take together.
 */
export function ruleCosts(
  rules: readonly CompiledRule[],
  samples: readonly ColumnarEvents[],
  product: string,
): ReadonlyMap<string, number> {
  const costs = new Map<string, number>();
  const deadline = performance.now() + budgetMs;
  for (const rule of rules) {
    if (performance.now() > deadline) break;
    const cost = costOf(rule, samples, product);
    if (cost !== undefined) costs.set(rule.rule.id, cost);
  }
  return costs;
}

function costOf(rule: CompiledRule, samples: readonly ColumnarEvents[], product: string): number | undefined {
  const matcher = new Matcher([rule], Object.values(eventSpecs), () => undefined);
  const meant = samples.filter(({ type }) => matcher.concerns(type, product));
  const rows = meant.reduce((sum, { count }) => sum + count, 0);
  if (rows === 0) return undefined;
  let least = Number.POSITIVE_INFINITY;
  // The first time is spent on making the plan.
  for (let round = 0; round < 3; round++) {
    const began = performance.now();
    for (const events of meant) matcher.match(events, product, () => undefined);

    least = Math.min(least, performance.now() - began);
  }
  return Math.round((least * 1e6) / rows);
}
