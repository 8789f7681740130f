/** Ids of events are derived from where they are: host, stream, sequence of the batch, number in the batch. */
export interface EventPosition {
  readonly hostId: string;
  readonly stream: string;
  readonly sequence: number;
  readonly index: number;
}

export function eventId(p: EventPosition): string {
  return `${p.hostId}:${p.stream}:${p.sequence}:${p.index}`;
}

const pattern = /^([0-9a-f]{16}):([0-9a-f]{16}):(\d{1,15}):(\d{1,6})$/;

export function parseEventId(id: string): EventPosition | undefined {
  const m = pattern.exec(id);
  if (m === null) return undefined;
  return { hostId: m[1]!, stream: m[2]!, sequence: Number(m[3]), index: Number(m[4]) };
}
