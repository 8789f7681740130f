/** Addresses of pages, for links. */

const path = (...parts: readonly string[]) => `/${parts.map(encodeURIComponent).join('/')}`;
const withQuery = (address: string, query: Readonly<Record<string, string>>) =>
  `${address}?${new URLSearchParams(query)}`;

export const pageOfAlert = (id: string) => path('alerts', id);
export const pageOfHost = (id: string) => path('hosts', id);
export const pageOfStory = (id: string) => path('stories', id);
export const pageOfRule = (id: string) => path('rules', id);

/** The queue, by parameters of the page of alerts: `status`, `host`, `rule`, `tag`, `user`, `text`, … */
export const alertsWith = (query: Readonly<Record<string, string>>) => withQuery('/alerts', query);
export const eventsWith = (filter: string) => withQuery('/events', { filter });
export const treeOfAlert = (alert: string) => withQuery('/tree', { alert });
export const treeOfProcess = (entity: string, host: string, at: string) =>
  withQuery('/tree', { entity, host, at });
