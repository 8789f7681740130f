import type { DetectorMemory, TableStats } from './contract.ts';
import { EntityTable } from './entity-table.ts';
import type { Plain } from './plain.ts';

/** Versions of one package, and by the number of a host which of them it has, from 1; 0 where it has none. */
type Holding = { versions: string[]; of: Uint8Array };
type Hosts = { ids: string[] };

/** How far a detector that knows packages looks back: a parameter of it. */
export const inventoryHistory = {
  doc: 'History looked back on where nothing is remembered.',
  usual: 86_400,
  least: 0,
  most: 2_592_000,
} as const;

/** Versions of one package that are told apart; later ones count as absent. */
const mostVersions = 250;
const mostHosts = 20_000;

/** Which host has which version of which package: one byte for each. Of several versions on one host the last told of. */
export class PackageInventory {
  readonly #packages: EntityTable<Holding>;
  /** Numbers of hosts, by their place. */
  #hosts: Hosts = { ids: [] };
  #numbers = new Map<string, number>();

  constructor(memory: DetectorMemory) {
    this.#packages = new EntityTable('packages', memory);
  }

  get stats(): TableStats {
    return this.#packages.stats;
  }

  /** Undefined `version` where it was removed. */
  set(host: string, type: string, name: string, version: string | undefined, time: number): void {
    const number = this.#numberOf(host);
    if (number === undefined) return;
    const key = `${type}\0${name}`;
    const holding = this.#packages.obtain(key, time, () => ({ versions: [], of: new Uint8Array(16) }));
    if (number >= holding.of.length) {
      const larger = new Uint8Array(Math.max(number + 1, 2 * holding.of.length));
      larger.set(holding.of);
      holding.of = larger;
    }
    holding.of[number] = version === undefined ? 0 : indexOfVersion(holding, version);
  }

  /** What a host has. */
  *of(
    host: string,
  ): IterableIterator<{ readonly type: string; readonly name: string; readonly version: string }> {
    const number = this.#numbers.get(host);
    if (number === undefined) return;
    for (const [key, { versions, of }] of this.#packages) {
      const version = versions[(of[number] ?? 0) - 1];
      const [type = '', name = ''] = key.split('\0');
      if (version !== undefined) yield { type, name, version };
    }
  }

  /** Packages of a host with how many hosts have which version, in the order in which versions came. */
  *compared(host: string): IterableIterator<{
    readonly type: string;
    readonly name: string;
    readonly version: string;
    readonly counts: ReadonlyMap<string, number>;
  }> {
    const number = this.#numbers.get(host);
    if (number === undefined) return;
    for (const [key, { versions, of }] of this.#packages) {
      const version = versions[(of[number] ?? 0) - 1];
      if (version === undefined || versions.length < 2) continue;
      const counts = new Map<string, number>();
      for (const held of of) {
        const one = versions[held - 1];
        if (one !== undefined) counts.set(one, (counts.get(one) ?? 0) + 1);
      }
      const [type = '', name = ''] = key.split('\0');
      yield { type, name, version, counts };
    }
  }

  #numberOf(host: string): number | undefined {
    let number = this.#numbers.get(host);
    if (number === undefined && this.#hosts.ids.length < mostHosts) {
      number = this.#hosts.ids.push(host) - 1;
      this.#numbers.set(host, number);
    }
    return number;
  }

  save(): Plain {
    return [this.#hosts, this.#packages.save()];
  }

  load(saved: Plain): void {
    const [hosts, packages] = saved as readonly [Hosts, Plain];
    this.#hosts = hosts;
    this.#numbers = new Map(hosts.ids.map((id, number) => [id, number]));
    this.#packages.load(packages);
  }
}

/** From 1; 0 where there are too many. Versions nobody has any more give their place. */
function indexOfVersion(holding: Holding, version: string): number {
  const known = holding.versions.indexOf(version);
  if (known >= 0) return known + 1;
  if (holding.versions.length < mostVersions) return holding.versions.push(version);
  const held = new Set(holding.of);
  const free = holding.versions.findIndex((_, at) => !held.has(at + 1));
  if (free >= 0) holding.versions[free] = version;
  return free + 1;
}
