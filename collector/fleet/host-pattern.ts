import { globMatches } from '#shared/glob.ts';
import type { Host } from '../store/contract.ts';

/** What a pattern may ask of a host. */
export type NamedHost = Pick<Host, 'id' | 'hostname' | 'groups'>;

const groupPrefix = 'group:';

/** Whether a pattern means the host: its id, a glob over its name, `group:` with a glob over those it is in, or `all`. */
export function isMeantBy({ id, hostname, groups }: NamedHost, pattern: string): boolean {
  if (pattern === 'all' || pattern === id) return true;
  if (!pattern.startsWith(groupPrefix)) return globMatches(pattern, hostname);
  const asked = pattern.slice(groupPrefix.length);
  return groups?.some((group) => globMatches(asked, group)) ?? false;
}
