import { join } from 'node:path';
import type { Settings } from '../options.ts';
import type { Provider } from '../provider.ts';
import type { Emit } from '../sensor.ts';
import { Inventory, type PackageFacts } from './inventory.ts';
import { aptOrigins } from './origins.linux.ts';
import { type PackageSystem, packageSystems } from './systems.linux.ts';

/** One database and what was last read of it. */
interface Watched {
  readonly system: PackageSystem;
  readonly inventory: Inventory;
  seen: string | undefined;
  unread: boolean;
}

/**
 * Packages from the databases of dpkg, apk and rpm, each read again when it changes. One that is gone or cannot be
 * read removes nothing: its last reading stands until it can be read again.
 */
export function packageLinux(settings: Settings): Provider {
  const lists = join(settings.varRoot, 'lib/apt/lists');
  const databases: Watched[] = packageSystems(settings).map((system) => ({
    system,
    inventory: new Inventory(),
    seen: undefined,
    unread: false,
  }));

  async function renew(database: Watched, emit: Emit): Promise<void> {
    const version = database.system.version();
    if (version === undefined || version === database.seen) return;
    const found = await database.system.read();
    database.unread = found === undefined;
    if (found === undefined) return;
    const { inventory, system } = database;
    const whole = system.type === 'deb' ? await withOrigins(found, inventory.changed(found), lists) : found;
    inventory.renew(whole, emit);
    database.seen = version;
  }

  return {
    kind: 'linux',
    mode: 'sampled',
    async open() {
      const present = databases.some(({ system }) => system.version() !== undefined);
      return present ? undefined : 'no package database of dpkg, apk or rpm is here';
    },
    async look(emit) {
      for (const database of databases) await renew(database, emit);
    },
    note() {
      const unread = databases.filter((database) => database.unread).map(({ system }) => system.type);
      return unread.length === 0 ? undefined : `not readable: ${unread.join(', ')}`;
    },
    async close() {},
  };
}

/** `found`, where those of `asked` carry their origin, as far as apt knows. */
async function withOrigins(
  found: readonly PackageFacts[],
  asked: readonly PackageFacts[],
  lists: string,
): Promise<readonly PackageFacts[]> {
  const wanted = new Map<string, Set<string>>();
  for (const { name, version } of asked) {
    if (version !== undefined) wanted.set(name, (wanted.get(name) ?? new Set()).add(version));
  }
  const origins = wanted.size === 0 ? undefined : await aptOrigins(lists, wanted);
  if (origins === undefined) return found;
  return found.map((one) =>
    wanted.get(one.name)?.has(one.version ?? '') === true
      ? { ...one, origin: origins.get(`${one.name} ${one.version}`) ?? 'unknown' }
      : one,
  );
}
