import { Command } from 'commander';
import { bytes, print, printJson, printTable } from '#shared/output.ts';
import type { LedgerJson, StatusJson } from '../../api/json/status.ts';
import { outside, outsideWords } from '../../intake/outside.ts';
import { addQueryOptions, clientOf, type QueryOptions } from '../options.ts';

const number = (of: (ledger: LedgerJson) => number, title: string) => ({
  title,
  align: 'right' as const,
  of: (ledger: LedgerJson) => String(of(ledger)),
});

function presence({ hostId, connected }: LedgerJson): string {
  if (hostId === outside.id) return outsideWords;
  return connected ? 'connected' : 'away';
}

function rulesOf({ bundle }: StatusJson['detection']): string {
  return bundle === null
    ? 'the starter pack and the data folder'
    : `bundle ${bundle.version} (${bundle.digest.slice(0, 16)}) since ${bundle.at}`;
}

function show(status: StatusJson): void {
  const { journal, storage, detection, alerts, hosts } = status;
  print(`Vedette ${status.version}, up since ${status.startedAt}`);
  print(`journal    ${journal.events} events in ${journal.batches} batches, ${bytes(journal.sizeBytes)}`);
  const { segments, oldestEventAt, bytesPerDay, freeBytes, fullAt } = storage;
  const since = oldestEventAt === null ? '' : `, from ${oldestEventAt.slice(0, 10)} on`;
  print(
    `segments   ${segments.events} events in ${segments.files} files, ${bytes(segments.sizeBytes)}${since}`,
  );
  const rate = bytesPerDay === null ? 'rate not known yet' : `${bytes(bytesPerDay)} a day`;
  const end = fullAt === null ? '' : `, full on ${fullAt.slice(0, 10)}`;
  print(`disk       ${bytes(freeBytes)} free, ${rate}${end}`);
  const { key, stored, isPending } = storage.encryption;
  const older = stored
    .filter((use) => use.key !== key)
    .reduce((sum, use) => sum + use.segments + use.batches, 0);
  if (key !== null || older > 0) {
    const alerts = isPending ? '; alerts follow' : '';
    const rest = older === 0 ? alerts : `; ${older} segments and batches follow`;
    print(`encryption ${key === null ? 'off' : `under key ${key}`}${rest}`);
  }
  print(
    `detection  ${detection.rules} rules of ${rulesOf(detection)}, ${detection.lagBatches} batches behind, last delay ${Math.round(detection.lagMs)} ms`,
  );
  const { groups, sizeBytes, evicted, tooLate, dropped, unusable } = detection.correlations;
  print(
    `           correlations hold ${groups} groups, ${bytes(sizeBytes)}; left out: ${evicted} groups for room, ${tooLate} late events, ${dropped} beyond a group's bound, ${unusable} without a value`,
  );
  print(`alerts     ${alerts.open} open, ${alerts.acknowledged} acknowledged, ${alerts.closed} closed`);
  print('');
  printTable<LedgerJson>(
    [
      { title: 'host', of: (h) => h.hostName, flexible: true },
      { title: 'id', of: (h) => h.hostId },
      { title: '', of: presence },
      number((h) => h.collected, 'collected'),
      number((h) => h.stored, 'stored'),
      number((h) => h.detected, 'detected'),
      number((h) => h.lost, 'lost'),
      number((h) => h.pending, 'pending'),
      number((h) => h.repeats, 'repeats'),
      number((h) => h.duplicates, 'duplicates'),
      number((h) => h.unaccounted, 'unaccounted'),
    ],
    hosts,
    'No host is enrolled yet.',
  );
  for (const host of hosts) {
    const reasons = Object.entries(host.lostByReason).filter(([, n]) => n > 0);
    if (reasons.length > 0)
      print(`${host.hostName} lost ${reasons.map(([reason, n]) => `${n} by ${reason}`).join(', ')}`);
  }
  if (detection.damagedBatches > 0)
    print(`${detection.damagedBatches} stored batches could not be read: check the disk of the collector`);
}

export function statusCommand(): Command {
  return addQueryOptions(
    new Command('status').description('how the collector is doing, with the loss ledger of every host'),
  )
    .addHelpText(
      'after',
      `
Per host: collected = stored + lost, exactly, as of the last batch stored; pending is still with the agent, detected
is how many of those stored the rules have seen. Exits 1 when a host has unaccounted or duplicate events.`,
    )
    .action(async (options: QueryOptions) => {
      const status = await clientOf(options).get<StatusJson>('/status');
      if (options.json) printJson(status);
      else show(status);
      if (status.hosts.some((h) => h.unaccounted !== 0 || h.duplicates !== 0)) process.exitCode = 1;
    });
}
