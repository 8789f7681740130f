import { type DecodedBatch, decodeBatch } from '#shared/protocol/codec/decode.ts';
import { eventId } from '#shared/protocol/event-id.ts';
import type { ColumnarEvents } from '#shared/schema/columns.ts';
import type { BatchOrigin } from '../detect/contract.ts';
import type { HostStore } from '../store/contract.ts';
import type { JournalReader } from '../store/journal/contract.ts';

/** A stored batch on its way to detection. */
export interface Detectable {
  readonly id: number;
  readonly hostId: string;
  readonly hostName: string;
  readonly product: string;
  readonly stream: string;
  readonly sequence: number;
  readonly receivedAt: number;
  readonly batch: DecodedBatch;
}

/** Batches read at once. */
const readSize = 64;

export function groupsOf({ batch }: Detectable): readonly ColumnarEvents[] {
  return batch.groups.map((group) => group.events);
}

export function originOf({
  hostId,
  hostName,
  product,
  stream,
  sequence,
  receivedAt,
  batch,
}: Detectable): BatchOrigin {
  return {
    receivedAt,
    hostId,
    hostName,
    product,
    eventId: (group: number, row: number) =>
      eventId({ hostId, stream, sequence, index: (batch.groups[group]?.offset ?? 0) + row }),
  };
}

/**
 * Batches of the journal after one id and up to another, a few at a time; none at the end. One that does not decode
 * is passed over and told: it decoded when it was stored, so the disk has changed it, and the rest must not wait.
 */
export async function readDetectables(
  reader: JournalReader,
  hosts: HostStore,
  after: number,
  upTo: number,
  onDamaged: (id: number) => void,
): Promise<readonly Detectable[]> {
  const out: Detectable[] = [];
  for (let at = after; out.length === 0; ) {
    const stored = await reader.forward(at, readSize);
    for (const batch of stored) {
      if (batch.id > upTo) return out;
      const decoded = decodeBatch(batch.data);
      if (!decoded.ok) {
        onDamaged(batch.id);
        continue;
      }
      const host = await hosts.get(batch.hostId);
      const from = { hostName: host?.hostname ?? 'unnamed', product: host?.os ?? 'unknown' };
      out.push({ ...batch, ...from, batch: decoded.value });
    }
    if (stored.length === 0) return out;
    at = stored.at(-1)!.id;
  }
  return out;
}
