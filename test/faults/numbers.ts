/** What the numbered agent emitted, held against what a collector has stored. */
import { join } from 'node:path';
import { openDatabase } from '../../collector/store/journal/database.ts';
import { everything } from '../collector/store/segments/stored.ts';

/** Numbers of one run of the agent begin at a multiple of this. */
export const runSize = 1_000_000;

/** Which numbers go by the lane of high priority. */
export function isHigh(n: number): boolean {
  return n % 5 === 0;
}

/** Which of those are to raise an alert, where the rule for it is in place. */
export function isAlarm(n: number): boolean {
  return n % 50 === 0;
}

/** How often each number is stored, in journal and segments together, by the run that emitted it. */
export async function storedNumbers(data: string): Promise<Map<number, Map<number, number>>> {
  const db = openDatabase(join(data, 'journal.db'), true);
  try {
    // One transaction: what is sealed meanwhile is seen where it was.
    db.exec('BEGIN');
    const stored = await everything(db, join(data, 'segments'));
    const runs = new Map<number, Map<number, number>>();
    for (const events of stored.values()) {
      for (const event of events) {
        const n = Number(/\["(?:package|user)\.name","n(\d+)"\]/.exec(event)?.[1] ?? Number.NaN);
        if (Number.isNaN(n)) continue;
        const run = Math.floor(n / runSize);
        const counts = runs.get(run) ?? new Map<number, number>();
        runs.set(run, counts.set(n, (counts.get(n) ?? 0) + 1));
      }
    }
    return runs;
  } finally {
    db.close();
  }
}

/** Within one lane numbers come in order, so what a killed agent had kept is a run of numbers without a hole. */
export function holes(numbers: readonly number[], first: number, inLane: (n: number) => boolean): number {
  const lane = numbers.filter(inLane);
  const last = lane.reduce((max, n) => Math.max(max, n), -1);
  let expected = 0;
  for (let n = first; n <= last; n++) if (inLane(n)) expected++;
  return expected - lane.length;
}
