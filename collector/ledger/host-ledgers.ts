import type { CollectorStatus, Host, HostLedger } from '../store/contract.ts';
import type { StreamLedger } from '../store/journal/contract.ts';

/** Sums the streams of a host. An agent opens two with every start. */
function ledgerOf(
  host: Host,
  streams: readonly StreamLedger[],
  pending: number,
  undetected: number,
): HostLedger {
  const lostByReason: Record<string, number> = {};
  const sum = { collected: 0, stored: 0, lost: 0, repeats: 0, duplicates: 0 };
  for (const stream of streams) {
    sum.collected += stream.collected;
    sum.stored += stream.stored;
    sum.repeats += stream.repeats;
    sum.duplicates += Math.max(0, stream.batches - stream.mark);
    for (const [reason, n] of Object.entries(stream.lost)) {
      sum.lost += n;
      lostByReason[reason] = (lostByReason[reason] ?? 0) + n;
    }
  }
  return {
    hostId: host.id,
    hostName: host.hostname,
    connected: host.connected,
    ...sum,
    lostByReason,
    detected: sum.stored - undetected,
    pending,
    unaccounted: sum.collected - sum.stored - sum.lost,
  };
}

/** One ledger for each host, in the order of the hosts. `undetected` events by host. */
export function hostLedgers(
  hosts: readonly Host[],
  streams: readonly StreamLedger[],
  pendingOf: (hostId: string) => number,
  undetected: Readonly<Record<string, number>>,
): CollectorStatus['hosts'] {
  const byHost = Map.groupBy(streams, (s) => s.hostId);
  return hosts.map((host) =>
    ledgerOf(host, byHost.get(host.id) ?? [], pendingOf(host.id), undetected[host.id] ?? 0),
  );
}
