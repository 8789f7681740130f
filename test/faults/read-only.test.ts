/**
 * A collector whose disk refuses: acknowledges nothing it has not kept, and takes up again by itself once it may write;
 * and one whose filesystem the kernel has turned read-only under it, which takes up after it is mounted anew.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import type { StatusJson } from '../../collector/api/json/status.ts';
import { accessOf, Client } from '../../collector/cli/client.ts';
import { makeTempFolder } from '../temp.ts';
import { noDisksBecause } from './disks.ts';
import { storedNumbers } from './numbers.ts';
import { Site } from './site.ts';

const without = noDisksBecause();
const skip = without === undefined ? false : without;

async function status(site: Site): Promise<StatusJson> {
  if (site.hasEnded('collector')) throw new Error(site.lastWords);
  return await new Client(accessOf(site.data)).get<StatusJson>('/status');
}

async function untilMore(site: Site): Promise<void> {
  const before = (await status(site)).journal.events;
  while ((await status(site)).journal.events <= before) await sleep(50);
}

async function open(t: Test): Promise<Site> {
  const site = await Site.open(makeTempFolder('read-only-'));
  t.teardown(() => site.close());
  await untilMore(site);
  return site;
}

/** Every number the agent kept is stored once. */
async function check(t: Test, site: Site): Promise<void> {
  await site.end('agent', 'SIGTERM');
  const numbers = [...(await storedNumbers(site.data)).values()].flatMap((run) => [...run.values()]);
  t.ok(
    numbers.every((n) => n === 1),
    'none twice',
  );
  const { least, most } = site.collected();
  t.ok(numbers.length >= least && numbers.length <= most, `${numbers.length} of ${least} to ${most}`);
  const host = (await status(site)).hosts[0];
  t.match(host, { lostByReason: {}, lost: 0, unaccounted: 0, duplicates: 0 }, JSON.stringify(host));
}

/**
 * Whether the journal's files may be written; ext4 asks at every write, of files that are open too. Not the index of
 * its log, which is mapped: a page of that which may not be written is a signal, not an error.
 */
function setWritable(site: Site, isWritable: boolean): void {
  const files = readdirSync(site.data).filter((name) => /^journal\.db(-wal)?$/.test(name));
  execFileSync('chattr', [isWritable ? '-i' : '+i', ...files.map((name) => join(site.data, name))]);
}

t.test('files that may not be written for a while', { skip }, async (t) => {
  const site = await open(t);
  setWritable(site, false);
  t.teardown(() => setWritable(site, true));
  await sleep(300);
  const refused = (await status(site)).journal.events;
  await sleep(2500);
  t.equal((await status(site)).journal.events, refused, 'nothing is kept meanwhile');
  setWritable(site, true);
  await untilMore(site);
  await check(t, site);
});

t.test('a filesystem turned read-only', { skip }, async (t) => {
  const site = await open(t);
  site.collectorDisk!.turnReadOnly();
  await sleep(300);
  // A sync that fails ends it; until then it goes on answering.
  if (!site.hasEnded('collector')) {
    const refused = (await status(site)).journal.events;
    await sleep(1000);
    if (!site.hasEnded('collector'))
      t.equal((await status(site)).journal.events, refused, 'it keeps nothing');
  }
  await site.end('collector', 'SIGTERM');
  site.collectorDisk!.remount();
  await site.start('collector');
  await untilMore(site);
  await check(t, site);
});

t.test('a disk that takes data and does not keep it', { skip }, async (t) => {
  const site = await open(t);
  const disk = site.collectorDisk!;
  disk.failSync();
  while (!site.hasEnded('collector')) await sleep(50);
  t.match(site.lastWords, /data\.sync_failed/, 'it ends by itself and says why');
  disk.healSync();
  // Whatever only the cache had is gone now, and nobody was told that it was kept.
  disk.remount();
  await site.start('collector');
  await untilMore(site);
  await check(t, site);
});
