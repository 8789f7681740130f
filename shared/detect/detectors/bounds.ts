/** Every bound of detectors in one place; what crosses one is counted in their statistics. */
export const detectorBounds = {
  /** Bytes that the state of all detectors may take together, as estimated; beyond it the largest table gives. */
  memoryBytes: 96 * 1024 * 1024,
  /** Things that one table of a detector may hold; beyond it the one touched longest ago goes. */
  entities: 200_000,
  /** Findings of one batch; more are counted and left out. */
  findingsPerBatch: 10_000,
  /** Characters of a key; a longer one is cut. */
  keyLength: 1_024,
  /** Ids of events that a detector remembers for one thing. */
  evidence: 8,
} as const;
