import { isLocalAddress } from './address.ts';
import type { DetectorContext, DetectorSpec, Observation, RunningDetector, Tell } from './contract.ts';
import type { Distinct } from './distinct.ts';
import { EntityTable, Held } from './entity-table.ts';
import { remember } from './evidence.ts';
import { PairMemory } from './key-memory.ts';
import { PerProgram } from './per-program.ts';
import { PerText } from './per-text.ts';
import type { Plain } from './plain.ts';
import { processFields, programOf } from './process-fields.ts';
import { addRolling, countRolling, type RollingDistinct, roll, rollingAt } from './rolling.ts';
import { secondsText } from './words.ts';

type Tries = RollingDistinct & {
  count: number;
  failed: number;
  /** Distinct targets at the last finding. */
  told: number;
  last: string;
  ids: string[];
};

/** Ports a source uses, with the latest of them as `ADDRESS PORT`. */
type Ports = RollingDistinct & { latest: string[] };

type Kind = 'ports' | 'hosts';

/** Who tries, on a host: a program, or an address where none is known. */
interface Source {
  readonly key: string;
  readonly ports: Held<Ports>;
}

/** Ports of a source that are remembered with their machine. */
const mostLatest = 48;
/** Told again when there are this many times the targets, so that rules with a higher bar see it soon after. */
const growth = 1.15;

const spec = {
  name: 'scan',
  doc: 'Who tries many ports or many machines, however slowly: distinct targets over hours, counted exactly while few and by HyperLogLog beyond. Programs of the host are told by their connections; machines that try the host, by flows that no program of it owns, where packets are watched.',
  kinds: {
    ports: 'Many ports of one machine.',
    hosts: 'One port of many machines.',
  },
  types: ['network.connection', 'network.flow'],
  version: 2,
  parameters: {
    window_s: {
      doc: 'Length of the window; one to two of them are looked at.',
      usual: 10_800,
      least: 60,
      most: 604_800,
    },
    failed_share: {
      doc: 'Least share of failed attempts at which many machines are told of: programs that reach many reach most of them.',
      usual: 0.2,
      least: 0,
      most: 1,
    },
    targets: { doc: 'Fewest distinct targets that are told of.', usual: 20, least: 3, most: 1e6 },
  },
  lookbackS: (p) => 2 * p['window_s']!,
  make: (context) => new Scan(context),
} as const satisfies DetectorSpec;
export const scan: DetectorSpec = spec;

class Scan implements RunningDetector {
  readonly #p: Readonly<Record<string, number>>;
  readonly #sources = new PairMemory<Source>((key) => ({ key, ports: new Held(key) }));
  readonly #ofPort = new PairMemory((key) => new Held<Tries>(key));
  readonly #program = new PerProgram((program, { hostId }) => this.#sources.of(hostId, program));
  readonly #address = new PerText('source.ip', (ip, { hostId }) =>
    isLocalAddress(ip) ? null : this.#sources.of(hostId, ip),
  );
  readonly #ports: EntityTable<Ports>;
  readonly #tries: EntityTable<Tries>;

  constructor({ parameters, memory }: DetectorContext) {
    this.#p = parameters;
    this.#ports = new EntityTable('sources', memory);
    this.#tries = new EntityTable('tries', memory);
  }

  get tables() {
    return [this.#ports.stats, this.#tries.stats];
  }

  observe(seen: Observation, tell: Tell): void {
    const isFlow = seen.type === 'network.flow';
    const failed = isFlow ? flowFailed(seen) : attemptFailed(seen);
    if (failed === undefined) return;
    const ip = seen.text('destination.ip');
    const port = seen.number('destination.port');
    const program = this.#program.of(seen);
    const source = isFlow ? program === undefined && this.#address.of(seen) : program;
    if (!source || ip === undefined || port === undefined) return;
    if (!isFlow && isLocalAddress(ip) && !/^127\.|^::1$/.test(ip)) return;
    const id = isFlow ? '' : (seen.text('network.connection_id') ?? '');
    const target = String(port);
    const ports = this.#portsOf(source, ip, target, seen.time);
    if (ports !== undefined) {
      const held = new Held<Tries>(`${source.key}\0${ip}`);
      this.#count('ports', held, target, failed, id, seen, tell, ports);
    }
    this.#count('hosts', this.#ofPort.of(source.key, target), ip, failed, id, seen, tell);
  }

  /**
   * What ports a source uses, where the source uses so many ports at all that those of one machine are worth
   * counting: this saves a count for every machine that programs reach.
   */
  #portsOf(source: Source, ip: string, port: string, time: number): Ports | undefined {
    const ports = this.#ports.hold(source.ports, time, newPorts);
    if (roll(ports, time, this.#p['window_s']! * 1e6)) ports.latest = [];
    if (addRolling(ports, port)) {
      ports.latest.push(`${ip} ${port}`);
      if (ports.latest.length > mostLatest) ports.latest.shift();
    }
    const least = this.#p['targets']! - 1;
    const isMany = hasMany(ports.now, least) || (ports.before !== null && hasMany(ports.before, least));
    return isMany ? ports : undefined;
  }

  #count(
    kind: Kind,
    held: Held<Tries>,
    target: string,
    failed: boolean,
    id: string,
    seen: Observation,
    tell: Tell,
    ports?: Ports,
  ): void {
    const { time } = seen;
    const tries = this.#tries.hold(held, time, () => triesFrom(ports, seen));
    if (roll(tries, time, this.#p['window_s']! * 1e6)) {
      tries.told = 0;
      tries.count = 0;
      tries.failed = 0;
    }
    // An attempt and what became of it are one.
    if (id !== '' && id === tries.last) return;
    tries.last = id;
    tries.count++;
    if (failed) tries.failed++;
    if (!addRolling(tries, target)) return;
    // Most sources try few things, and ids are costly.
    if (tries.count > 2 && (failed || kind === 'ports')) remember(tries.ids, seen.id);
    const least = Math.max(this.#p['targets']!, tries.told * growth);
    if (kind === 'hosts' && tries.failed < tries.count * this.#p['failed_share']!) return;
    const targets = countRolling(tries);
    if (targets < least) return;
    tries.told = targets;
    this.#tellOf(kind, targets, tries, seen, tell);
  }

  #tellOf(kind: Kind, targets: number, tries: Tries, seen: Observation, tell: Tell): void {
    const isFlow = seen.type === 'network.flow';
    const who = isFlow ? seen.text('source.ip')! : programOf(seen)!;
    const ip = seen.text('destination.ip')!;
    const port = seen.number('destination.port')!;
    const span = (seen.time - tries.firstAt) / 1e6;
    const what = kind === 'ports' ? `${targets} ports of ${ip}` : `port ${port} of ${targets} machines`;
    const share = tries.failed / tries.count;
    tell({
      kind,
      entity: `${who} ${kind === 'ports' ? ip : `port ${port}`}`,
      summary: `${who} tried ${what} within ${secondsText(span)}, ${Math.round(share * 100)} % of the attempts failed`,
      eventIds: [...tries.ids],
      firstAt: tries.firstAt,
      lastAt: seen.time,
      fields: {
        ...(isFlow ? {} : processFields(seen)),
        'finding.count': tries.count,
        'finding.failures': tries.failed,
        'finding.failed_share': share,
        'finding.span_s': span,
        'finding.ports': kind === 'ports' ? targets : undefined,
        'finding.targets': kind === 'hosts' ? targets : undefined,
        'source.ip': seen.text('source.ip'),
        'destination.ip': kind === 'ports' ? ip : undefined,
        'destination.port': kind === 'hosts' ? port : undefined,
      },
    });
  }

  save(): Plain {
    return [this.#ports.save(), this.#tries.save()];
  }

  load(saved: Plain): void {
    const [ports, tries] = saved as readonly [Plain, Plain];
    this.#ports.load(ports);
    this.#tries.load(tries);
  }
}

/** With the ports of the machine that the source tried before these were counted. */
function triesFrom(ports: Ports | undefined, seen: Observation): Tries {
  const tries: Tries = {
    ...rollingAt(ports?.firstAt ?? seen.time),
    ...{ count: 0, failed: 0, told: 0, last: '', ids: [] },
  };
  const own = `${seen.text('destination.ip')} `;
  for (const one of ports?.latest ?? []) if (one.startsWith(own)) addRolling(tries, one.slice(own.length));
  return tries;
}

/** Whether it failed; undefined where it is no attempt. */
function attemptFailed(seen: Observation): boolean | undefined {
  const action = seen.text('event.action');
  if (action === 'connected') return false;
  return action === 'attempted' || action === 'failed' ? true : undefined;
}

/** Of the flow's connection; undefined while it goes on. */
function flowFailed(seen: Observation): boolean | undefined {
  if (seen.text('event.action') !== 'ended') return undefined;
  const reason = seen.text('event.reason');
  return reason === 'refused' || reason === 'unanswered';
}

function newPorts(time: number): Ports {
  return { ...rollingAt(time), latest: [] };
}

function hasMany({ registers, values }: Distinct, least: number): boolean {
  return registers !== null || values.length >= least;
}
