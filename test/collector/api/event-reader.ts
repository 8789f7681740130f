/** An event reader over an array, for tests: the same answers as the store's, by looking at everything. */
import { allOf } from '#shared/filter/filter.ts';
import type { EventQuery, EventReader, Page, StoredEvent } from '../../../collector/store/contract.ts';
import { withHostIds } from '../../../collector/store/events/filter-scope.ts';
import { VedetteError } from '../../../shared/errors.ts';
import { passes } from '../../naive-filter.ts';

function matches(query: EventQuery, stored: StoredEvent): boolean {
  const { event, hostId, hostName } = stored;
  return (
    (query.since === undefined || event.time >= query.since) &&
    (query.until === undefined || event.time <= query.until) &&
    passes(withHostIds(allOf(query.filter), [{ id: hostId, hostname: hostName }]), hostId, event)
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
