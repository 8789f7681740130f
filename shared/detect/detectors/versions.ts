import type { DetectorContext, DetectorSpec, Observation, RunningDetector, Tell } from './contract.ts';
import { EntityTable } from './entity-table.ts';
import { inventoryHistory, PackageInventory } from './package-inventory.ts';
import type { Plain } from './plain.ts';
import { compareOf } from './versions/compare.ts';

const mostNamed = 32;

const spec = {
  name: 'versions',
  doc: 'Hosts that have an older version of packages than most of the fleet: looked at now and then, once a host tells of its health, so that a rollout has time to reach all.',
  kinds: { behind: 'Packages are older than on most hosts.' },
  types: ['package.change', 'package.state', 'host.health'],
  version: 1,
  parameters: {
    check_s: {
      doc: 'How often the packages of a host are compared.',
      usual: 21_600,
      least: 10,
      most: 2_592_000,
    },
    hosts: { doc: 'Fewest hosts that must have the package.', usual: 5, least: 3, most: 20_000 },
    share: { doc: 'Share of them that must have the version of most.', usual: 0.7, least: 0.5, most: 1 },
    history_s: inventoryHistory,
  },
  lookbackS: (p) => p['history_s']!,
  make: (context) => new Versions(context),
} as const satisfies DetectorSpec;
export const versions: DetectorSpec = spec;

class Versions implements RunningDetector {
  readonly #p: Readonly<Record<string, number>>;
  readonly #inventory: PackageInventory;
  readonly #checked: EntityTable<{ at: number; told: string }>;

  constructor({ parameters, memory }: DetectorContext) {
    this.#p = parameters;
    this.#inventory = new PackageInventory(memory);
    this.#checked = new EntityTable('hosts', memory, 20_000);
  }

  get tables() {
    return [this.#inventory.stats, this.#checked.stats];
  }

  observe(seen: Observation, tell: Tell): void {
    if (seen.type === 'host.health') {
      this.#compare(seen, tell);
      return;
    }
    const type = seen.text('package.type');
    const name = seen.text('package.name');
    if (type === undefined || name === undefined) return;
    const isGone = seen.text('event.action') === 'removed';
    const version = isGone ? undefined : seen.text('package.version');
    this.#inventory.set(seen.hostId, type, name, version, seen.time);
  }

  #compare(seen: Observation, tell: Tell): void {
    const { time, hostId } = seen;
    const checked = this.#checked.obtain(hostId, time, () => ({ at: time, told: '' }));
    if (time - checked.at < this.#p['check_s']! * 1e6) return;
    checked.at = time;
    const behind: {
      readonly type: string;
      readonly name: string;
      readonly version: string;
      readonly most: string;
      readonly hosts: number;
    }[] = [];
    let fleet = 0;
    for (const { type, name, version, counts } of this.#inventory.compared(hostId)) {
      const hosts = [...counts.values()].reduce((a, b) => a + b, 0);
      fleet = Math.max(fleet, hosts);
      if (hosts < this.#p['hosts']!) continue;
      const [[most, held] = ['', 0]] = [...counts].sort((a, b) => b[1] - a[1]);
      const compare = compareOf(type);
      if (compare === undefined || held < hosts * this.#p['share']!) continue;
      if (compare(version, most) < 0) behind.push({ type, name, version, most, hosts: held });
    }
    behind.sort((a, b) => (a.name < b.name ? -1 : 1));
    const values = behind.slice(0, mostNamed).map((one) => `${one.name} ${one.version} < ${one.most}`);
    const told = values.join(' ');
    if (told === checked.told) return;
    checked.told = told;
    const [first] = behind;
    if (first === undefined) return;
    tell({
      kind: 'behind',
      entity: 'packages',
      summary: `${behind.length} ${behind.length === 1 ? 'package is' : 'packages are'} older than on most hosts, such as ${first.name} ${first.version}, where ${first.hosts} hosts have ${first.most}`,
      ...{ eventIds: [seen.id], firstAt: time, lastAt: time },
      fields: {
        'package.name': first.name,
        'package.version': first.version,
        'package.type': first.type,
        'finding.expected': first.most,
        'finding.count': behind.length,
        'finding.hosts': first.hosts,
        'finding.fleet_hosts': fleet,
        'finding.values': values,
      },
    });
  }

  save(): Plain {
    return [this.#inventory.save(), this.#checked.save()];
  }

  load(saved: Plain): void {
    const [inventory, checked] = saved as readonly [Plain, Plain];
    this.#inventory.load(inventory);
    this.#checked.load(checked);
  }
}
