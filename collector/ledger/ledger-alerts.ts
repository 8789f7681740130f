import { nowUs } from '#shared/clock.ts';
import { type OwnRule, ownAlert } from '../detect/own-alert.ts';
import type { CollectorStatus, HostLedger, NewAlert } from '../store/contract.ts';

const tags = ['attack.defense-evasion', 'attack.t1562.006'] as const;
const unexplained: OwnRule = {
  id: 'vedette-ledger-unexplained',
  title: 'Events unaccounted for',
  level: 'critical',
  tags,
  response:
    'Look at the log of the agent and of the collector for that time, and at whether somebody touched the outbox or the journal; treat the host as one that may have been tampered with.',
};
const damaged: OwnRule = {
  id: 'vedette-ledger-damaged',
  title: 'Stored events cannot be read',
  level: 'critical',
  tags,
  response: 'Check the disk of the collector and restore what is damaged from a copy.',
};
const lacking: OwnRule = {
  id: 'vedette-ledger-lacking',
  title: 'Stored events are gone',
  level: 'high',
  tags,
  response:
    'If nobody restored the data of the collector from a copy, find out who changed it. What is lost is counted in the ledger of the host.',
};
const dataset = 'collector.ledger';

/** Collected events that are neither stored nor declared lost, or stored twice. */
export function unexplainedAlert(host: HostLedger): NewAlert {
  const { hostId, hostName, collected, stored, lost, unaccounted, duplicates } = host;
  const parts = [
    ...(unaccounted === 0
      ? []
      : [`of ${collected} events collected ${stored} are stored and ${lost} declared lost`]),
    ...(duplicates === 0 ? [] : [`${duplicates} batches are stored twice`]),
  ];
  return ownAlert({
    rule: unexplained,
    dataset,
    hostId,
    hostName,
    at: nowUs(),
    reason: `On ${hostName}, ${parts.join(', and ')}; the rest is unexplained.`,
    fields: { unaccounted, duplicates },
    key: `${unaccounted} ${duplicates}`,
    count: Math.abs(unaccounted) || duplicates,
  });
}

/** Batches that were stored and cannot be read any more. */
export function damageAlert({ startedAt, detection }: CollectorStatus): NewAlert {
  const count = detection.damagedBatches;
  return ownAlert({
    rule: damaged,
    dataset,
    hostId: '',
    hostName: 'collector',
    at: nowUs(),
    reason: `${count} batches in the journal cannot be read: the disk has changed them. No rule has seen their events.`,
    fields: { damagedBatches: count },
    key: String(startedAt),
    count,
  });
}

/** The collector lacks batches that it had acknowledged: it was restored from an older copy of its data. */
export function lackingAlert(hostId: string, hostName: string, lost: number): NewAlert {
  const at = nowUs();
  return ownAlert({
    rule: lacking,
    dataset,
    hostId,
    hostName,
    at,
    reason: `${lost} events of ${hostName} that were stored before are not in the journal: the collector's data was restored from an older copy. They count as lost.`,
    fields: { lost },
    key: String(at),
    count: lost,
  });
}
