/** An event reader over an array, for tests: the same answers as the journal's, by looking at everything. */
import type {
  EventQuery,
  EventReader,
  FieldTest,
  Page,
  StoredEvent,
} from '../../../collector/store/contract.ts';
import { VedetteError } from '../../../shared/errors.ts';

const lower = (value: unknown) => String(value).toLowerCase();

function holds(test: FieldTest, { event }: StoredEvent): boolean {
  const value = event[test.field];
  if (test.op === 'exists') return value !== undefined;
  if (test.op === 'ne') return value === undefined || lower(value) !== lower(test.value);
  if (value === undefined) return false;
  return test.op === 'eq' ? lower(value) === lower(test.value) : lower(value).includes(lower(test.value));
}

function matches(query: EventQuery, stored: StoredEvent): boolean {
  const { event, hostId } = stored;
  const strings = Object.values(event).filter((value) => typeof value === 'string');
  return (
    (query.types === undefined || query.types.includes(event.type)) &&
    (query.hostId === undefined || query.hostId === hostId) &&
    (query.since === undefined || event.time >= query.since) &&
    (query.until === undefined || event.time <= query.until) &&
    (query.where ?? []).every((test) => holds(test, stored)) &&
    (query.text === undefined || strings.some((value) => lower(value).includes(lower(query.text))))
  );
}

export class ArrayEventReader implements EventReader {
  readonly events: StoredEvent[] = [];

  async search(query: EventQuery): Promise<Page<StoredEvent>> {
    const forward = query.order === 'arrival';
    const from = query.cursor === undefined ? (forward ? 0 : this.events.length) : Number(query.cursor);
    if (!Number.isInteger(from)) throw new VedetteError('store.cursor_invalid', 'The cursor is not a place.');
    const items: StoredEvent[] = [];
    let at = from;
    while (items.length < query.limit && (forward ? at < this.events.length : at > 0)) {
      const stored = this.events[forward ? at++ : --at];
      if (stored !== undefined && matches(query, stored)) items.push(stored);
    }
    return { items, next: forward || at > 0 ? String(at) : null };
  }

  async get(id: string): Promise<StoredEvent | undefined> {
    return this.events.find((stored) => stored.id === id);
  }
}
