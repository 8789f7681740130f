/**
 * What leaves the store for its age or for room: whole segments, oldest first. Age counts from when the events were
 * sealed, soon after they came: the clocks of hosts may say anything.
 */
import { VedetteError } from '#shared/errors.ts';
import { eventSpecs } from '#shared/events/registry.gen.ts';
import type { Outdated } from '../contract.ts';
import type { Segment } from './manifest.ts';
import { dayUs } from './type-gatherer.ts';

export interface Retention {
  /** Days events are kept; 0 keeps them. */
  readonly days: number;
  /** By event type, in place of `days`. */
  readonly daysByType: Readonly<Record<string, number>>;
  /** Of all segments together; 0 for no bound. */
  readonly maxBytes: number;
}

/** The segments to be given up now; `segments` are oldest first. */
export function chooseOutdated(
  segments: readonly Segment[],
  { days, daysByType, maxBytes }: Retention,
  nowUs: number,
): readonly Segment[] {
  const isOutdated = ({ type, sealedAt }: Segment) => {
    const kept = daysByType[type] ?? days;
    return kept > 0 && sealedAt < nowUs - kept * dayUs;
  };
  const gone = segments.filter(isOutdated);
  if (maxBytes === 0) return gone;
  const left = segments.filter((segment) => !isOutdated(segment));
  let bytes = left.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  for (const segment of left) {
    if (bytes <= maxBytes) break;
    gone.push(segment);
    bytes -= segment.sizeBytes;
  }
  return gone;
}

/** What would be given up now; `segments` are oldest first. */
export function outdatedOf(segments: readonly Segment[], retention: Retention, nowUs: number): Outdated {
  const gone = chooseOutdated(segments, retention, nowUs);
  const goneIds = new Set(gone.map(({ id }) => id));
  const kept = segments.filter(({ id }) => !goneIds.has(id));
  const eventsByType: Record<string, number> = {};
  for (const { type, rows } of gone) eventsByType[type] = (eventsByType[type] ?? 0) + rows;
  return {
    segments: gone.length,
    events: gone.reduce((sum, { rows }) => sum + rows, 0),
    sizeBytes: gone.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    eventsByType,
    keptSince:
      kept.length === 0
        ? null
        : kept.reduce((least, s) => Math.min(least, s.minTime), Number.POSITIVE_INFINITY),
  };
}

/** Reads `TYPE=DAYS` settings. Throws `config.invalid`. */
export function daysByType(settings: readonly string[]): Readonly<Record<string, number>> {
  const days: Record<string, number> = {};
  for (const setting of settings) {
    const [, type, count] = /^([a-z._]+)=(\d{1,5})$/.exec(setting) ?? [];
    if (type === undefined || !Object.hasOwn(eventSpecs, type))
      throw new VedetteError(
        'config.invalid',
        `retentionByType: ${setting} is not TYPE=DAYS of an event type.`,
      );
    days[type] = Number(count);
  }
  return days;
}
