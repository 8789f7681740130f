import type {
  Advisory,
  DetectorContext,
  DetectorSpec,
  Observation,
  RunningDetector,
  Tell,
} from './contract.ts';
import { EntityTable } from './entity-table.ts';
import { inventoryHistory, PackageInventory } from './package-inventory.ts';
import type { Plain } from './plain.ts';

const mostIds = 16;

const spec = {
  name: 'vulnerable',
  doc: 'Packages of hosts in versions that advisories (OSV, imported offline) call vulnerable, and packages that they call malicious: when a package appears, and for what is there when advisories are imported.',
  kinds: {
    vulnerable: 'The version has known vulnerabilities.',
    malicious: 'The package is known to be malicious.',
  },
  types: ['package.change', 'package.state', 'host.health'],
  version: 1,
  parameters: {
    history_s: inventoryHistory,
  },
  lookbackS: (p) => p['history_s']!,
  make: (context) => new Vulnerable(context),
} as const satisfies DetectorSpec;
export const vulnerable: DetectorSpec = spec;

interface Package {
  readonly type: string;
  readonly name: string;
  readonly version: string;
}

const ranks = { low: 1, medium: 2, high: 3, critical: 4 } as const;

class Vulnerable implements RunningDetector {
  readonly #context: DetectorContext;
  readonly #inventory: PackageInventory;
  /** By host: revision of the advisories its packages were last compared with. */
  readonly #checked: EntityTable<{ revision: number }>;
  /** By host and package: what was told of. */
  readonly #told: EntityTable<{ version: string; ids: string }>;

  constructor(context: DetectorContext) {
    const { memory } = context;
    this.#context = context;
    this.#inventory = new PackageInventory(memory);
    this.#checked = new EntityTable('hosts', memory, 20_000);
    this.#told = new EntityTable('told', memory);
  }

  get tables() {
    return [this.#inventory.stats, this.#checked.stats, this.#told.stats];
  }

  observe(seen: Observation, tell: Tell): void {
    if (seen.type === 'host.health') this.#checkAgain(seen, tell);
    else this.#package(seen, tell);
  }

  #package(seen: Observation, tell: Tell): void {
    const type = seen.text('package.type');
    const name = seen.text('package.name');
    const version = seen.text('package.version');
    if (type === undefined || name === undefined) return;
    const isGone = seen.text('event.action') === 'removed' || version === undefined;
    this.#inventory.set(seen.hostId, type, name, isGone ? undefined : version, seen.time);
    if (!isGone) this.#check({ type, name, version }, seen, tell);
  }

  /** Advisories that came after the packages. */
  #checkAgain(seen: Observation, tell: Tell): void {
    const { revision } = this.#context.advisories;
    const checked = this.#checked.obtain(seen.hostId, seen.time, () => ({ revision: 0 }));
    if (checked.revision === revision) return;
    checked.revision = revision;
    for (const one of this.#inventory.of(seen.hostId)) this.#check(one, seen, tell);
  }

  #check(found: Package, seen: Observation, tell: Tell): void {
    const { type, name, version } = found;
    const advisories = this.#context.advisories.matching(type, name, version);
    if (advisories.length === 0) return;
    const ids = advisories.map(({ id }) => id).join(' ');
    const key = `${seen.hostId}\0${type}\0${name}`;
    const told = this.#told.find(key, seen.time);
    if (told?.version === version && told.ids === ids) return;
    this.#told.put(key, seen.time, { version, ids });
    const malicious = advisories.filter(({ isMalicious }) => isMalicious);
    const others = advisories.filter(({ isMalicious }) => !isMalicious);
    if (malicious.length > 0) this.#tellOf('malicious', malicious, found, seen, tell);
    if (others.length > 0) this.#tellOf('vulnerable', others, found, seen, tell);
  }

  #tellOf(
    kind: 'malicious' | 'vulnerable',
    advisories: readonly Advisory[],
    { type, name, version }: Package,
    seen: Observation,
    tell: Tell,
  ): void {
    const [worst] = [...advisories].sort((a, b) => rankOf(b) - rankOf(a) || (a.id < b.id ? -1 : 1));
    const { id, severity, score, fixed, summary } = worst!;
    const others = advisories.length > 1 ? ` and ${advisories.length - 1} more` : '';
    const said =
      kind === 'malicious'
        ? `${name} ${version} (${type}) is known to be malicious: ${id}`
        : `${name} ${version} (${type}) is known to be vulnerable: ${id}${severity === undefined ? '' : `, ${severity}`}${others}${fixed === undefined ? '' : `; fixed in ${fixed}`}`;
    tell({
      kind,
      entity: `${type} ${name}`,
      summary: said,
      ...{ eventIds: [seen.id], firstAt: seen.time, lastAt: seen.time },
      fields: {
        'package.name': name,
        'package.version': version,
        'package.type': type,
        'vulnerability.id': id,
        'vulnerability.severity': severity,
        'vulnerability.score': score,
        'vulnerability.fixed': fixed,
        'vulnerability.summary': summary === '' ? undefined : summary,
        'finding.count': advisories.length,
        'finding.values': advisories.slice(0, mostIds).map((one) => one.id),
      },
    });
  }

  save(): Plain {
    return [this.#inventory.save(), this.#checked.save(), this.#told.save()];
  }

  load(saved: Plain): void {
    const [inventory, checked, told] = saved as readonly [Plain, Plain, Plain];
    this.#inventory.load(inventory);
    this.#checked.load(checked);
    this.#told.load(told);
  }
}

function rankOf({ severity, score }: Advisory): number {
  return score ?? (severity === undefined ? 0 : ranks[severity] * 2.5);
}
