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
  const nameOf = async (hostId: string) => (await control.hosts.get(hostId))?.hostname ?? 'unnamed';
  return {
    async search(query) {
      const page = await events.search({ ...query, filter: await byHostId(query.filter, control) });
      const hostIds = [...new Set(page.items.map(({ hostId }) => hostId))];
      const names = new Map(await Promise.all(hostIds.map(async (id) => [id, await nameOf(id)] as const)));
      const items = page.items.map((found) => ({ ...found, hostName: names.get(found.hostId) as string }));
      return { items, next: page.next };
    },
    async get(id) {
      const found = await events.find(id);
      return found && { ...found, hostName: await nameOf(found.hostId) };
    },
  };
}
