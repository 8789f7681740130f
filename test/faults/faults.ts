/** The faults of the random loop: each does its harm and heals it again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { emptyDisk, fillDisk } from './disks.ts';
import type { Random } from './random.ts';
import type { Side, Site } from './site.ts';

export interface FaultContext {
  readonly site: Site;
  readonly random: Random;
  /** Copies of a side's folder that may be put back. */
  readonly copies: Map<Side, string>;
}
type Fault = (context: FaultContext) => Promise<void>;

const dayMs = 86_400_000;

async function kill({ site, random }: FaultContext, side: Side): Promise<void> {
  await site.end(side, 'SIGKILL');
  await sleep(random.between(0, 400));
  await site.start(side);
}

async function freeze({ site, random }: FaultContext, side: Side): Promise<void> {
  site.signal(side, 'SIGSTOP');
  await sleep(random.between(100, 3500));
  site.signal(side, 'SIGCONT');
}

/** Within what certificates, which are looked at by the system's clock, and retention allow. */
async function jump({ site, random }: FaultContext, side: Side): Promise<void> {
  site.setClock(side, random.pick([-1, 1]) * random.pick([1000, 60_000, dayMs, 40 * dayMs]) * random.next());
  await sleep(random.between(200, 1500));
  if (random.next() < 0.7) site.setClock(side, 0);
}

async function network({ site, random }: FaultContext, begin: (longMs: number) => void): Promise<void> {
  const longMs = random.between(300, 4000);
  begin(longMs);
  await sleep(longMs);
  site.proxy.heal();
}

async function fullDisk({ random }: FaultContext, folder: string): Promise<void> {
  fillDisk(folder);
  await sleep(random.between(300, 2500));
  emptyDisk(folder);
}

async function failSync({ site, random }: FaultContext): Promise<void> {
  const disk = site.collectorDisk!;
  disk.failSync();
  await sleep(random.between(300, 2500));
  disk.healSync();
  // Whatever only the cache had is gone with it.
  await site.end('collector', 'SIGKILL');
  disk.remount();
  // What filled it may be back: that it was removed may not have reached the disk.
  emptyDisk(site.data);
  await site.start('collector');
}

/** As after a power cut, what was not synced is gone. */
async function turnReadOnly({ site, random }: FaultContext): Promise<void> {
  const disk = site.collectorDisk!;
  disk.turnReadOnly();
  await sleep(random.between(300, 1500));
  await site.end('collector', 'SIGKILL');
  disk.remount();
  // What filled it may be back: that it was removed may not have reached the disk.
  emptyDisk(site.data);
  await site.start('collector');
}

/** The second time puts back what the first time kept. */
async function olderCollector({ site, copies }: FaultContext): Promise<void> {
  await site.end('collector', 'SIGKILL');
  const copy = copies.get('collector');
  if (copy === undefined) copies.set('collector', site.copy('collector', 'older-collector'));
  else {
    site.restore('collector', copy);
    copies.clear();
  }
  await site.start('collector');
}

/**
 * The outbox as it was at an earlier time, put back once everything since has been acknowledged: what a copy does not
 * hold and nobody acknowledged nobody can know of. For the same reason copies of the collector made before are no
 * longer put back after it.
 */
async function olderAgent({ site, copies }: FaultContext): Promise<void> {
  const copy = copies.get('agent');
  if (copy === undefined) {
    await site.end('agent', 'SIGKILL');
    copies.set('agent', site.copy('agent', 'older-agent'));
  } else {
    await site.end('agent', 'SIGTERM');
    site.restore('agent', copy);
    copies.clear();
  }
  await site.start('agent');
}

async function sameFolder({ site }: FaultContext): Promise<void> {
  if (await site.runAnother(site.agentFolder, 0)) throw new Error('two agents ran on one folder');
}

/** The same identity twice at once, with the same batches in both outboxes. */
async function copiedFolder({ site, random }: FaultContext): Promise<void> {
  site.signal('agent', 'SIGSTOP');
  const copy = site.copy('agent', 'twin');
  site.signal('agent', 'SIGCONT');
  await site.runAnother(copy, random.between(500, 2000));
}

export const faults: Readonly<Record<string, Fault>> = {
  'kill collector': (c) => kill(c, 'collector'),
  'kill agent': (c) => kill(c, 'agent'),
  'stop collector': (c) => freeze(c, 'collector'),
  'stop agent': (c) => freeze(c, 'agent'),
  cut: async (c) => c.site.proxy.cut(),
  'half-open': (c) => network(c, () => c.site.proxy.goDeaf()),
  slow: (c) => network(c, () => c.site.proxy.slow(c.random.between(2000, 50_000))),
  'stall up': (c) => network(c, () => c.site.proxy.stall('up')),
  'stall down': (c) => network(c, () => c.site.proxy.stall('down')),
  corrupt: (c) => network(c, () => c.site.proxy.corruptAfter(Math.floor(c.random.between(0, 20_000)))),
  'clock of collector': (c) => jump(c, 'collector'),
  'clock of agent': (c) => jump(c, 'agent'),
  'older collector': olderCollector,
  'older agent': olderAgent,
  'same folder': sameFolder,
  'copied folder': copiedFolder,
};

/** Those that need disks of their own. */
export const diskFaults: Readonly<Record<string, Fault>> = {
  "collector's disk full": (c) => fullDisk(c, c.site.data),
  "agent's disk full": (c) => fullDisk(c, c.site.agentFolder),
  'fsync fails': failSync,
  'read-only': turnReadOnly,
};
