/** When a scheduled hunt is due: at whole multiples of its interval since 1970, or at a minute of each day, UTC. */
import type { HuntCadence } from '../../store/contract.ts';

const dayUs = 86_400e6;

/** The first time after `at` (microseconds). */
export function nextAfter({ everyS, dailyMinute }: HuntCadence, at: number): number {
  const stepUs = everyS === null ? dayUs : everyS * 1e6;
  const offsetUs = (dailyMinute ?? 0) * 60e6;
  return (Math.floor((at - offsetUs) / stepUs) + 1) * stepUs + offsetUs;
}
