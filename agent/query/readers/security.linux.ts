import { join } from 'node:path';
import type { apparmorProfiles as apparmorSpec } from '#shared/tables/apparmor-profiles.ts';
import type { selinuxSettings as selinuxSpec } from '#shared/tables/selinux-settings.ts';
import type { RowOf } from '#shared/tables/spec.ts';
import { linesAt, namesIn, valueAt } from '../files.ts';
import type { QueryHost } from '../reader.ts';

const statusFiles = ['enforce', 'mls', 'policyvers', 'deny_unknown', 'checkreqprot'];

export function* selinuxSettings({ sysRoot }: QueryHost): Iterable<RowOf<typeof selinuxSpec>> {
  const folder = join(sysRoot, 'fs/selinux');
  for (const key of statusFiles) {
    const value = valueAt(join(folder, key));
    if (value !== undefined) yield { scope: 'status', key, value };
  }
  for (const key of namesIn(join(folder, 'booleans'))) {
    // Its value now, and the one that waits to be committed.
    const value = valueAt(join(folder, 'booleans', key))?.split(' ', 1)[0];
    if (value !== undefined) yield { scope: 'boolean', key, value };
  }
}

export function* apparmorProfiles({ sysRoot }: QueryHost): Iterable<RowOf<typeof apparmorSpec>> {
  for (const line of linesAt(join(sysRoot, 'kernel/security/apparmor/profiles'))) {
    const [, name, mode] = /^(.*) \((\w+)\)$/.exec(line) ?? [];
    if (name !== undefined) yield { name, mode };
  }
}
