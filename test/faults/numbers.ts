/** What the numbered agent emitted, held against what a collector has stored. */
import type { EventJson } from '../../collector/api/json/event.ts';
import { vedetteJson } from '../vedette.ts';

/** Numbers of one run of the agent begin at a multiple of this. */
export const runSize = 1_000_000;
const most = 100_000;

/** How often each number is stored, by the run that emitted it. */
export function storedNumbers(data: string): Map<number, Map<number, number>> {
  const runs = new Map<number, Map<number, number>>();
  const types = 'package.state,account.change';
  const events = vedetteJson<EventJson[]>('events', '--type', types, '--limit', String(most), '--data', data);
  if (events.length >= most) throw new Error('there are more events than were asked for');
  for (const event of events) {
    const name = (event['package.name'] ?? event['user.name']) as string;
    const n = Number(name.slice(1));
    const run = Math.floor(n / runSize);
    const counts = runs.get(run) ?? new Map<number, number>();
    runs.set(run, counts.set(n, (counts.get(n) ?? 0) + 1));
  }
  return runs;
}

/** Within one lane numbers come in order, so what a killed agent had kept is a run of numbers without a hole. */
export function holes(numbers: readonly number[], first: number, inLane: (n: number) => boolean): number {
  const lane = numbers.filter(inLane);
  const last = lane.reduce((max, n) => Math.max(max, n), -1);
  let expected = 0;
  for (let n = first; n <= last; n++) if (inLane(n)) expected++;
  return expected - lane.length;
}
