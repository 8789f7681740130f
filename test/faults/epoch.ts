/** So many rounds of random faults on one site, then everything heals and what came of every event is checked. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { AlertJson } from '../../collector/api/json/alert.ts';
import type { StatusJson } from '../../collector/api/json/status.ts';
import { accessOf, Client } from '../../collector/cli/client.ts';
import { notInJournal } from '../../collector/store/journal/contract.ts';
import { faults as anywhere, diskFaults, type FaultContext } from './faults.ts';
import { isAlarm, storedNumbers } from './numbers.ts';
import { Random } from './random.ts';
import { alarmTitle, type Side, Site } from './site.ts';

export interface Outcome {
  readonly rounds: number;
  /** Collected by agents, as the collector has it in the end. */
  readonly events: number;
  readonly stored: number;
  /** Declared, by reason. */
  readonly lost: Readonly<Record<string, number>>;
  readonly faults: Readonly<Record<string, number>>;
  /** Acknowledged and not there any more, where no older copy was put back. */
  readonly unkept: number;
  readonly undeclared: number;
  /** Declared lost, or stored, beyond what was ever collected. */
  readonly invented: number;
  readonly duplicates: number;
  readonly unaccounted: number;
  readonly alertsMissing: number;
  readonly alertsDoubled: number;
}

/** Share of rounds in which a second fault begins during the first. */
const overlapShare = 0.3;

/** Faults of the network leave the processes alone, so any other may happen meanwhile. */
const ofNetwork = ['half-open', 'slow', 'stall up', 'stall down', 'corrupt'];

interface Storm {
  readonly context: FaultContext;
  readonly faults: typeof anywhere;
  readonly counts: Record<string, number>;
  readonly log: (line: string) => void;
}

async function round({ context, faults, counts, log }: Storm, number: number): Promise<void> {
  const { random } = context;
  const names = [random.pick(Object.keys(faults))];
  if (random.next() < overlapShare) names.push(random.pick(ofNetwork.filter((n) => n !== names[0])));
  log(`round ${number}: ${names.join(' and ')}`);
  await sleep(random.between(0, 500));
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  await Promise.all(names.map((name) => faults[name]!(context)));
}

async function heal({ site }: FaultContext): Promise<void> {
  site.proxy.heal();
  for (const side of ['agent', 'collector'] as Side[]) site.setClock(side, 0);
  // Ends once everything was acknowledged.
  await site.end('agent', 'SIGTERM');
}

async function alarmCounts(client: Client): Promise<Map<number, number>> {
  const counts = new Map<number, number>();
  for (let cursor: string | undefined; ; ) {
    const page = await client.get<{ items: AlertJson[]; next: string | null }>('/alerts', {
      limit: 500,
      ...(cursor !== undefined && { cursor }),
    });
    for (const alert of page.items) {
      if (alert.ruleTitle !== alarmTitle) continue;
      const n = Number(String(alert.event['user.name']).slice(1));
      counts.set(n, (counts.get(n) ?? 0) + alert.count);
    }
    if (page.next === null) return counts;
    cursor = page.next;
  }
}

async function untilDetected(client: Client): Promise<StatusJson> {
  for (;;) {
    const status = await client.get<StatusJson>('/status');
    if (status.detection.lagBatches === 0) return status;
    await sleep(50);
  }
}

async function judge(site: Site, counts: Readonly<Record<string, number>>): Promise<Omit<Outcome, 'rounds'>> {
  const client = new Client(accessOf(site.data));
  const status = await untilDetected(client);
  const ledger = status.hosts[0]!;
  const numbers = new Map([...(await storedNumbers(site.data)).values()].flatMap((run) => [...run]));
  const alarms = await alarmCounts(client);
  const { least, most } = site.collected();
  const told = numbers.size + ledger.lost;
  const stored = [...numbers.keys()].filter(isAlarm);
  return {
    events: ledger.collected,
    stored: numbers.size,
    lost: ledger.lostByReason,
    faults: counts,
    unkept: (counts['older collector'] ?? 0) < 2 ? (ledger.lostByReason[notInJournal] ?? 0) : 0,
    undeclared: Math.max(0, least - told),
    invented: Math.max(0, told - most),
    duplicates: [...numbers.values()].filter((n) => n > 1).length + ledger.duplicates,
    unaccounted: ledger.unaccounted + (ledger.stored - numbers.size),
    alertsMissing: stored.filter((n) => !alarms.has(n)).length,
    alertsDoubled:
      [...alarms.values()].filter((n) => n > 1).length +
      [...alarms.keys()].filter((n) => !numbers.has(n)).length,
  };
}

/** Ends early, but healed and checked, where `isToStop` says so. Throws when a fault cannot be done or healed, with the round in the message. */
export async function runEpoch(
  place: string,
  rounds: number,
  seed: number,
  log: (line: string) => void = () => undefined,
  isToStop: () => boolean = () => false,
): Promise<Outcome> {
  const site = await Site.open(place);
  try {
    const context = { site, random: new Random(seed), copies: new Map<Side, string>() };
    const faults = { ...anywhere, ...(site.collectorDisk !== undefined && diskFaults) };
    const counts: Record<string, number> = {};
    let done = 0;
    while (done < rounds && !isToStop()) {
      const n = ++done;
      await round({ context, faults, counts, log }, n).catch((error: Error) => {
        throw new Error(`round ${n}, seed ${seed}: ${error.message}`, { cause: error });
      });
    }
    await heal(context);
    return { rounds: done, ...(await judge(site, counts)) };
  } finally {
    await site.close();
  }
}

/** What must be 0 in an outcome. */
export const wrongs = [
  'unkept',
  'undeclared',
  'invented',
  'duplicates',
  'unaccounted',
  'alertsMissing',
  'alertsDoubled',
] as const;
