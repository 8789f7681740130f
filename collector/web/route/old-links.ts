/** Addresses of before pages had paths: everything was a parameter or a fragment of `/`. */
const oldFragments: Readonly<Record<string, string>> = {
  '#alerts': '/alerts',
  '#hosts': '/hosts',
  '#events': '/events',
};

/** Where an old address leads now; undefined when it is none. */
export function newAddressOf(path: string, search: string, fragment: string): string | undefined {
  if (path !== '/') return undefined;
  const query = new URLSearchParams(search);
  const tree = new URLSearchParams();
  for (const name of ['alert', 'entity', 'host', 'at']) {
    const value = query.get(`tree-${name}`);
    if (value !== null) tree.set(name, value);
  }
  if (tree.has('alert') || tree.has('entity')) return `/tree?${tree}`;
  const rule = query.get('rule');
  if (rule !== null) return `/rules/${encodeURIComponent(rule)}`;
  const rules = query.get('rules');
  if (rules !== null) return rules === 'coverage' ? '/rules/coverage' : '/rules';
  const filter = query.get('filter');
  if (filter !== null) return `/events?${new URLSearchParams({ filter })}`;
  return oldFragments[fragment];
}
