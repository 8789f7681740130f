import type { Technique } from './contract.ts';
import { collection } from './techniques/collection.ts';
import { containers } from './techniques/containers.ts';
import { credentials } from './techniques/credentials.ts';
import { discovery } from './techniques/discovery.ts';
import { evasion } from './techniques/evasion.ts';
import { execution } from './techniques/execution.ts';
import { impact } from './techniques/impact.ts';
import { network } from './techniques/network.ts';
import { persistence } from './techniques/persistence.ts';
import { privileges } from './techniques/privileges.ts';

/** Every act, in the order in which they are played. */
export const techniques: readonly Technique[] = [
  ...discovery,
  ...credentials,
  ...execution,
  ...persistence,
  ...privileges,
  ...evasion,
  ...containers,
  ...collection,
  ...network,
  ...impact,
];

/** Those of some ids; all of them where none is given. */
export function techniquesNamed(ids: readonly string[]): readonly Technique[] {
  return ids.length === 0 ? techniques : techniques.filter(({ id }) => ids.includes(id));
}
