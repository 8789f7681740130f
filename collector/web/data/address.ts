/** What the address of the page says of what is shown, so that links lead there. */

const parameters = () => new URLSearchParams(location.search);

export function shownFilter(): string {
  return parameters().get('filter') ?? '';
}

/** Puts the filter into the address without a step in the history for every letter. */
export function showFilter(filter: string): void {
  const query = parameters();
  if (filter === '') query.delete('filter');
  else query.set('filter', filter);
  const text = query.toString();
  history.replaceState(null, '', `${location.pathname}${text === '' ? '' : `?${text}`}${location.hash}`);
}

/** Of which the tree is shown: parameters of the API's /tree; null on the first page. */
export function shownTree(): URLSearchParams | null {
  const query = parameters();
  const asked = new URLSearchParams();
  for (const name of ['alert', 'entity', 'host', 'at']) {
    const value = query.get(`tree-${name}`);
    if (value !== null) asked.set(name, value);
  }
  return asked.has('alert') || asked.has('entity') ? asked : null;
}

export function treeOfAlert(id: string): string {
  return `/?${new URLSearchParams({ 'tree-alert': id })}`;
}

export function treeOfProcess(entity: string, host: string, at: string): string {
  return `/?${new URLSearchParams({ 'tree-entity': entity, 'tree-host': host, 'tree-at': at })}`;
}

export function eventsWith(filter: string): string {
  return `/?${new URLSearchParams({ filter })}#events`;
}

export type ShownRules =
  | { readonly page: 'list' | 'coverage' }
  | { readonly page: 'rule'; readonly id: string };

/** Which of the pages about rules is shown; null on the others. */
export function shownRules(): ShownRules | null {
  const query = parameters();
  const id = query.get('rule');
  if (id !== null) return { page: 'rule', id };
  const page = query.get('rules');
  return page === null ? null : { page: page === 'coverage' ? 'coverage' : 'list' };
}

export function pageOfRule(id: string): string {
  return `/?${new URLSearchParams({ rule: id })}`;
}
