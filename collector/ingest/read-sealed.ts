import { nowUs } from '#shared/clock.ts';
import { eventId } from '#shared/protocol/event-id.ts';
import type { MissedHistory } from '../detect/contract.ts';
import type { HostStore } from '../store/contract.ts';
import type { JournalReader } from '../store/journal/contract.ts';
import type { ArrivedBatch } from './rebuild.ts';

/** What segments hold of it, in the order in which it arrived; what is left out is told. */
export async function* readSealed(
  reader: JournalReader,
  store: HostStore,
  { spanUs, concerns, rows }: MissedHistory,
  onLeftOut: (detail: string) => void,
): AsyncGenerator<ArrivedBatch> {
  const hosts = new Map((await store.list()).map((host) => [host.id, host]));
  const productOf = (hostId: string) => hosts.get(hostId)?.os ?? 'unknown';
  const products = new Set(['unknown', ...[...hosts.values()].map(({ os }) => os)]);
  const isOfUse = (type: string) => [...products].some((product) => concerns(type, product));
  const since = nowUs() - spanUs;
  for await (const batch of reader.sealed({ since, productOf, isOfUse, concerns, rows, onLeftOut })) {
    const { hostId, stream, sequence, receivedAt, parts } = batch;
    const indexOf = (group: number, row: number) => parts[group]?.indexes[row] ?? -1;
    const origin = {
      ...{ hostId, receivedAt, indexOf },
      hostName: hosts.get(hostId)?.hostname ?? 'unnamed',
      product: productOf(hostId),
      eventId: (group: number, row: number) =>
        eventId({ hostId, stream, sequence, index: indexOf(group, row) }),
    };
    yield { origin, groups: parts.map(({ events }) => events) };
  }
}
