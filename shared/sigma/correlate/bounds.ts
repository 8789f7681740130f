/** Every bound of correlations in one place; what crosses one is counted in the statistics. */
export const correlationBounds = {
  /** Bytes all correlations of an engine may take together. */
  memoryBytes: 256 * 1024 * 1024,
  /** Bytes each pool of a correlation may take whatever the others hold, so that a large one starves no other. */
  floorBytes: 16 * 1024,
  /** Groups of one correlation; beyond it the one touched longest ago goes. */
  keys: 2_000_000,
  /** Distinct values, or samples, one group may hold; beyond it the oldest goes. */
  valuesPerGroup: 200_000,
  /** Bytes of a snapshot; a larger one is not made. */
  snapshotBytes: 128 * 1024 * 1024,
  /** Event ids of one firing. */
  evidence: 100,
} as const;

/** Events that come late by at most this, or by the timespan if shorter, are judged as if they had come in time. */
export const latenessUs = 60e6;

export function latenessOf(timespanUs: number): number {
  return Math.min(latenessUs, timespanUs);
}
