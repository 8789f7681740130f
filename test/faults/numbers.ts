/** What the numbered agent emitted, held against what a collector has stored. */
import type { EventJson } from '../../collector/api/json/event.ts';
import { accessOf, Client } from '../../collector/cli/client.ts';

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

interface EventPage {
  readonly items: readonly EventJson[];
  readonly next: string;
}

/** How often each number is stored, by the run that emitted it. */
export async function storedNumbers(data: string): Promise<Map<number, Map<number, number>>> {
  const client = new Client(accessOf(data));
  const runs = new Map<number, Map<number, number>>();
  for (let cursor = '0'; ; ) {
    const query = { type: ['package.state', 'account.change'], order: 'arrival', limit: 1000, cursor };
    const page = await client.get<EventPage>('/events', query);
    for (const event of page.items) {
      const name = (event['package.name'] ?? event['user.name']) as string;
      const n = Number(name.slice(1));
      const run = Math.floor(n / runSize);
      const counts = runs.get(run) ?? new Map<number, number>();
      runs.set(run, counts.set(n, (counts.get(n) ?? 0) + 1));
    }
    if (page.next === cursor) return runs;
    cursor = page.next;
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
