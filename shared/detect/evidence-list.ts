/** Ids kept as evidence of one alert: half of them the first, half the last. */
export const evidenceBound = 100;
const half = evidenceBound / 2;

/** The ids of one alert and of what came after, bounded. However hits were put together, the same ids remain. */
export function joinEvidence(before: readonly string[], after: readonly string[]): readonly string[] {
  const all = [...new Set([...before, ...after])];
  return all.length <= evidenceBound ? all : [...all.slice(0, half), ...all.slice(-half)];
}
