/** The same events give the same alerts: however they are batched, in whatever order hosts come, however often it restarts. */
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { eventSpecs } from '#shared/events/registry.gen.ts';
import { columnarOf } from '#shared/schema/columnar.ts';
import type { EventRow } from '#shared/schema/columns.ts';
import { compileRules, parseRules } from '#shared/sigma/index.ts';
import { createDetector } from '../../../collector/detect/detector.ts';
import type { Alert, NewAlert } from '../../../collector/store/contract.ts';
import { openControlStore } from '../../../collector/store/control/open.ts';
import { tempFolder } from '../../temp.ts';

const { ruleSet } = compileRules(
  parseRules(
    `title: Odd
id: odd
logsource: { category: process_creation }
detection: { s: { CommandLine|contains: odd }, condition: s }
level: high
`,
    'odd.yml',
  ).documents,
  { specs: Object.values(eventSpecs) },
);

const minute = 60_000_000;
const startAt = 1_790_000_000_000_000;

/** What a seed decides; one of them gives the same numbers again. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

/** Hits of a host over some days, in the order of time: bursts, pauses and three entities. */
function hitsOf(seed: number): EventRow[] {
  const random = randomOf(seed);
  let time = startAt;
  return Array.from({ length: 400 }, (_, i) => {
    time += Math.floor(random() * (random() < 0.05 ? 90 : 4) * minute);
    const user = ['ada', 'bob', 'eve'][Math.floor(random() * 3)] as string;
    return {
      ...{ type: 'process.start', time, 'process.pid': i, 'process.entity_id': `p${i}`, 'user.name': user },
      'process.command_line': `odd ${1000 + i}`,
    } as EventRow;
  });
}

interface Placed {
  readonly hostId: string;
  readonly from: number;
  readonly events: readonly EventRow[];
}

/** Cut into batches at places that a seed decides. */
function cut(hostId: string, hits: readonly EventRow[], seed: number): Placed[] {
  const random = randomOf(seed);
  const batches: Placed[] = [];
  for (let from = 0; from < hits.length; ) {
    const to = Math.min(hits.length, from + 1 + Math.floor(random() * (seed % 2 === 0 ? 3 : 120)));
    batches.push({ hostId, from, events: hits.slice(from, to) });
    from = to;
  }
  return batches;
}

/** One after the other of either, in an order that a seed decides. */
function mixed(a: readonly Placed[], b: readonly Placed[], seed: number): Placed[] {
  const random = randomOf(seed);
  const [left, right] = [[...a], [...b]];
  const all: Placed[] = [];
  while (left.length + right.length > 0) {
    const next = (random() < 0.5 ? left : right).shift() ?? left.shift() ?? right.shift();
    if (next !== undefined) all.push(next);
  }
  return all;
}

function detected({ hostId, from, events }: Placed): readonly NewAlert[] {
  const eventId = (_: number, row: number) => `${hostId}:s:1:${from + row}`;
  const origin = { hostId, hostName: hostId, product: 'linux', eventId };
  return createDetector(ruleSet).detect(origin, [columnarOf(eventSpecs['process.start'], events)], startAt);
}

/** The alerts that came about; the collector ends and starts again after some batches. */
async function alertsOf(
  t: Test,
  batches: readonly Placed[],
  restartEvery: number,
): Promise<readonly Alert[]> {
  const path = join(tempFolder(t), 'control.db');
  let control = await openControlStore(path, { durable: false });
  for (const [i, batch] of batches.entries()) {
    await control.detection.commit(i + 1, detected(batch));
    // As after a crash that came before anybody knew of the commit.
    if (i % 5 === 0) await control.detection.commit(i + 1, detected(batch));
    if (i % restartEvery !== restartEvery - 1) continue;
    await control.close();
    control = await openControlStore(path, { durable: false });
  }
  const { items } = await control.alerts.list({}, 500);
  await control.close();
  return items.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

t.test('batches, hosts and restarts change nothing', async (t) => {
  const [one, two] = [hitsOf(11), hitsOf(12)];
  const wanted = await alertsOf(t, [...cut('h1', one, 2), ...cut('h2', two, 2)], 1e9);
  const count = (alerts: readonly Alert[]) => alerts.reduce((sum, alert) => sum + alert.count, 0);
  t.equal(count(wanted), 800);
  t.ok(wanted.length > 12, 'there are several episodes of each entity');
  t.ok(wanted.some(({ previousId }) => previousId !== null));
  // What depends on which alerts of other hosts came before is left out.
  const facts = (alerts: readonly Alert[]) =>
    alerts.map(({ confidence: _, confidenceReason: __, ...alert }) => alert);
  for (let seed = 1; seed <= 6; seed++) {
    const batches = mixed(cut('h1', one, seed), cut('h2', two, seed + 7), seed);
    t.same(facts(await alertsOf(t, batches, 10 + seed)), facts(wanted), `seed ${seed}`);
  }
});
