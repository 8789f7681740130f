import type { Filter } from '#shared/filter/filter.ts';
import type { ControlStore, EventCounting, EventReader } from './store/contract.ts';
import type { EventCounter } from './store/events/event-counts.ts';
import { namesHosts, withHostIds } from './store/events/filter-scope.ts';
import type { EventSearch } from './store/events/search.ts';

/** The filter with hosts by id, where it names them. */
async function byHostId(filter: Filter, control: ControlStore): Promise<Filter> {
  return namesHosts(filter) ? withHostIds(filter, await control.hosts.list()) : filter;
}

/** Counting as operators see it: hosts by name. */
export function eventCounting(counter: EventCounter, control: ControlStore): EventCounting {
  return {
    counts: async (query) => counter.counts({ ...query, filter: await byHostId(query.filter, control) }),
    values: async (query, field, most) =>
      counter.values({ ...query, filter: await byHostId(query.filter, control) }, field, most),
  };
}

/** Events as operators see them: found by the search over journal and segments, hosts by name. */
export function eventReader(events: EventSearch, control: ControlStore): EventReader {
  const named = async <T extends { readonly hostId: string }>(found: T) => {
    const host = await control.hosts.get(found.hostId);
    return { ...found, hostName: host?.hostname ?? 'unnamed' };
  };
  return {
    async search(query) {
      const page = await events.search({ ...query, filter: await byHostId(query.filter, control) });
      return { items: await Promise.all(page.items.map(named)), next: page.next };
    },
    async get(id) {
      const found = await events.find(id);
      return found === undefined ? undefined : named(found);
    },
  };
}
