import type { ControlStore, EventReader } from './store/contract.ts';
import type { ReaderThread } from './store/events/reader-thread.ts';

/** Events as operators see them: found by the reader thread, with the names of their hosts from the control store. */
export function eventReader(reader: ReaderThread, control: ControlStore): EventReader {
  const named = async <T extends { readonly hostId: string }>(found: T) => {
    const host = await control.hosts.get(found.hostId);
    return { ...found, hostName: host?.hostname ?? 'unnamed' };
  };
  return {
    async search(query) {
      const page = await reader.search(query);
      return { items: await Promise.all(page.items.map(named)), next: page.next };
    },
    async get(id) {
      const found = await reader.find(id);
      return found === undefined ? undefined : named(found);
    },
  };
}
