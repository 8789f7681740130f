import { join } from 'node:path';
import type { Settings } from '../options.ts';
import type { Provider } from '../provider.ts';
import { Inventory, type PackageFacts } from './inventory.ts';
import { aptOrigins } from './origins.linux.ts';
import { type PackageSystem, packageSystems } from './systems.linux.ts';

/** Packages from the databases of dpkg, apk and rpm, read again when one of them changes. */
export function packageLinux(settings: Settings): Provider {
  const systems = packageSystems(settings);
  const lists = join(settings.varRoot, 'lib/apt/lists');
  const inventory = new Inventory();
  const unread = new Set<string>();
  const last = new Map<string, readonly PackageFacts[]>();
  let seen = '';

  function versions(): Map<PackageSystem, string> {
    const found = new Map<PackageSystem, string>();
    for (const system of systems) {
      const version = system.version();
      if (version !== undefined) found.set(system, version);
    }
    return found;
  }

  /** Everything installed; what a database that is being written cannot give is kept from the last reading. */
  async function readAll(present: Iterable<PackageSystem>): Promise<PackageFacts[]> {
    const all: PackageFacts[] = [];
    for (const system of present) {
      const found = await system.read();
      if (found === undefined) unread.add(system.type);
      else unread.delete(system.type);
      all.push(...(found ?? last.get(system.type) ?? []));
    }
    return all;
  }

  return {
    kind: 'linux',
    mode: 'sampled',
    async open() {
      return versions().size > 0 ? undefined : 'no package database of dpkg, apk or rpm is here';
    },
    async look(emit) {
      const present = versions();
      const version = [...present.values()].join();
      if (version === seen && unread.size === 0) return;
      const found = await readAll(present.keys());
      inventory.renew(await withOrigins(found, inventory.changed(found), lists), emit);
      for (const type of unread)
        last.set(
          type,
          found.filter((one) => one.type === type),
        );
      seen = version;
    },
    note() {
      return unread.size === 0 ? undefined : `not readable: ${[...unread].join(', ')}`;
    },
    async close() {},
  };
}

/** `found`, where those of `asked` that apt may know carry their origin. */
async function withOrigins(
  found: readonly PackageFacts[],
  asked: readonly PackageFacts[],
  lists: string,
): Promise<PackageFacts[]> {
  const wanted = new Map<string, Set<string>>();
  for (const { type, name, version } of asked) {
    if (type !== 'deb' || version === undefined) continue;
    wanted.set(name, (wanted.get(name) ?? new Set()).add(version));
  }
  const origins = wanted.size === 0 ? undefined : await aptOrigins(lists, wanted);
  if (origins === undefined) return [...found];
  return found.map((one) =>
    wanted.get(one.name)?.has(one.version ?? '') === true && one.type === 'deb'
      ? { ...one, origin: origins.get(`${one.name} ${one.version}`) ?? 'unknown' }
      : one,
  );
}
