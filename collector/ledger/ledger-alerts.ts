import { nowUs } from '#shared/clock.ts';
import { alertId } from '../detect/alert.ts';
import type { CollectorStatus, HostLedger, NewAlert } from '../store/contract.ts';

const unexplained = {
  ruleId: '6c2f1c52-0b0e-4f5a-8f7e-5f8d3f1f6d0a',
  ruleTitle: 'Events unaccounted for',
  level: 'critical',
} as const;
const damaged = {
  ruleId: '0d2a6b0e-7a53-4b0c-9a39-8f6f0f1f3c77',
  ruleTitle: 'Stored events cannot be read',
  level: 'critical',
} as const;
const lacking = {
  ruleId: '3b8a1f64-94f5-4a3e-8f0a-0a6a4f4b8e21',
  ruleTitle: 'Stored events are gone',
  level: 'high',
} as const;
const tags = ['attack.defense-evasion', 'attack.t1562.006'] as const;

/** Collected events that are neither stored nor declared lost, or stored twice. */
export function unexplainedAlert(host: HostLedger): NewAlert {
  const { hostId, hostName, collected, stored, lost, unaccounted, duplicates } = host;
  const parts = [
    ...(unaccounted === 0
      ? []
      : [`of ${collected} events collected ${stored} are stored and ${lost} declared lost`]),
    ...(duplicates === 0 ? [] : [`${duplicates} batches are stored twice`]),
  ];
  const test = (field: string, value: number) =>
    value === 0 ? [] : [{ selection: 'ledger', field, value: String(value), test: 'is not 0' }];
  return ownAlert({
    ...unexplained,
    id: alertId('ledger', hostId, String(unaccounted), String(duplicates)),
    hostId,
    hostName,
    count: Math.abs(unaccounted) || duplicates,
    reason: `On ${hostName}, ${parts.join(', and ')}; the rest is unexplained.`,
    matches: [...test('unaccounted', unaccounted), ...test('duplicates', duplicates)],
  });
}

/** Batches that were stored and cannot be read any more. */
export function damageAlert({ startedAt, detection }: CollectorStatus): NewAlert {
  const n = detection.damagedBatches;
  return ownAlert({
    ...damaged,
    id: alertId('ledger-damaged', String(startedAt)),
    hostId: '',
    hostName: 'collector',
    count: n,
    reason: `${n} batches in the journal cannot be read: the disk has changed them. No rule has seen their events.`,
    matches: [{ selection: 'ledger', field: 'damagedBatches', value: String(n), test: 'is not 0' }],
  });
}

/** The collector lacks batches that it had acknowledged: it was restored from an older copy of its data. */
export function lackingAlert(hostId: string, hostName: string, lost: number): NewAlert {
  return ownAlert({
    ...lacking,
    id: alertId('ledger-lacking', hostId, String(nowUs())),
    hostId,
    hostName,
    count: lost,
    reason: `${lost} events of ${hostName} that were stored before are not in the journal: the collector's data was restored from an older copy. They count as lost.`,
    matches: [{ selection: 'ledger', field: 'lacking', value: String(lost), test: 'is not 0' }],
  });
}

type Own = Pick<
  NewAlert,
  'id' | 'ruleId' | 'ruleTitle' | 'level' | 'hostId' | 'hostName' | 'count' | 'reason' | 'matches'
>;

function ownAlert(own: Own): NewAlert {
  const now = nowUs();
  const event = {
    type: 'loss',
    time: now,
    'loss.count': own.count,
    'loss.reason': 'unexplained',
    'host.id': own.hostId,
    'host.name': own.hostName,
  } as const;
  return { ...own, tags, raisedAt: now, firstEventAt: now, lastEventAt: now, eventIds: [], event };
}
