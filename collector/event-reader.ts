import type { ControlStore, EventReader } from './store/contract.ts';
import { namesHosts, withHostIds } from './store/events/filter-scope.ts';
import type { EventSearch } from './store/events/search.ts';

/** Events as operators see them: found by the search over journal and segments, hosts by name. */
export function eventReader(events: EventSearch, control: ControlStore): EventReader {
  const named = async <T extends { readonly hostId: string }>(found: T) => {
    const host = await control.hosts.get(found.hostId);
    return { ...found, hostName: host?.hostname ?? 'unnamed' };
  };
  return {
    async search(query) {
      const { filter } = query;
      const byId = namesHosts(filter) ? withHostIds(filter, await control.hosts.list()) : filter;
      const page = await events.search({ ...query, filter: byId });
      return { items: await Promise.all(page.items.map(named)), next: page.next };
    },
    async get(id) {
      const found = await events.find(id);
      return found === undefined ? undefined : named(found);
    },
  };
}
