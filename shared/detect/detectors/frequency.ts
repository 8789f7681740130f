import { isLocalAddress, networkOf } from './address.ts';
import { detectorBounds } from './bounds.ts';
import type { DetectorContext, DetectorSpec, Observation, RunningDetector, Tell } from './contract.ts';
import { EntityTable, Held } from './entity-table.ts';
import { remember } from './evidence.ts';
import { PairMemory } from './key-memory.ts';
import { PerProgram } from './per-program.ts';
import type { Plain } from './plain.ts';
import { processFields, programOf } from './process-fields.ts';
import { addToUsual, noUsual, type Usual, usualOf } from './usual.ts';
import { secondsText } from './words.ts';

type Rate = Usual & { ids: string[]; toldWindow: number; last: string };
/** Networks a program of a host connects to; null once there are too many to be news. */
type Destinations = { firstAt: number; networks: string[] | null };

/** A program of a host, or a host, in the tables. */
interface Source {
  readonly rate: Held<Rate>;
  readonly destinations: Held<Destinations>;
}

const mostNetworks = 16;

const spec = {
  name: 'frequency',
  doc: 'How often a program, or a host as a whole, opens connections, against its own past; and where a program goes that has only ever gone to few places.',
  kinds: {
    program: 'One program of a host connects far more often than it used to.',
    host: 'A host connects far more often than it used to.',
    'new-destination': 'A program that has known few networks connects to another.',
  },
  types: ['network.connection'],
  version: 1,
  parameters: {
    window_s: { doc: 'Length of the windows that are compared.', usual: 600, least: 10, most: 86_400 },
    connections: { doc: 'Fewest connections in a window that are told of.', usual: 100, least: 2, most: 1e9 },
    factor: { doc: 'How many times the usual they must be.', usual: 8, least: 1, most: 1e6 },
    learn_windows: { doc: 'Windows of which the usual must be known.', usual: 12, least: 1, most: 10_000 },
    learn_s: {
      doc: 'How long the destinations of a program are learned.',
      usual: 86_400,
      least: 0,
      most: 7_776_000,
    },
    few: {
      doc: 'Most networks a program may know for another to be news.',
      usual: 3,
      least: 1,
      most: mostNetworks,
    },
  },
  lookbackS: (p) => Math.max(p['learn_s']!, p['window_s']! * (p['learn_windows']! + 1)),
  make: (context) => new Frequency(context),
} as const satisfies DetectorSpec;
export const frequency: DetectorSpec = spec;

class Frequency implements RunningDetector {
  readonly #p: Readonly<Record<string, number>>;
  readonly #sources = new PairMemory<Source>((key) => ({ rate: new Held(key), destinations: new Held(key) }));
  readonly #source = new PerProgram((program, { hostId }) => this.#sources.of(hostId, program));
  #host = new Held<Rate>('');
  readonly #rates: EntityTable<Rate>;
  readonly #destinations: EntityTable<Destinations>;

  constructor({ parameters, memory }: DetectorContext) {
    this.#p = parameters;
    this.#rates = new EntityTable('rates', memory);
    this.#destinations = new EntityTable('destinations', memory);
  }

  get tables() {
    return [this.#rates.stats, this.#destinations.stats];
  }

  observe(seen: Observation, tell: Tell): void {
    const action = seen.text('event.action');
    if (action !== 'connected' && action !== 'attempted' && action !== 'failed') return;
    const ip = seen.text('destination.ip');
    if (ip === undefined || isLocalAddress(ip)) return;
    if (this.#host.key !== seen.hostId) this.#host = new Held(seen.hostId);
    this.#rate('host', this.#host, seen, tell);
    const source = this.#source.of(seen);
    if (source === undefined) return;
    this.#rate('program', source.rate, seen, tell);
    if (action === 'connected') this.#destination(source.destinations, ip, seen, tell);
  }

  #rate(kind: 'host' | 'program', held: Held<Rate>, seen: Observation, tell: Tell): void {
    const { time } = seen;
    const rate = this.#rates.hold(held, time, newRate);
    const connection = seen.text('network.connection_id') ?? '';
    if (connection !== '' && connection === rate.last) return;
    rate.last = connection;
    const windowUs = this.#p['window_s']! * 1e6;
    addToUsual(rate, time, windowUs, 1);
    const usual = usualOf(rate);
    const { connections, factor, learn_windows } = this.#p;
    const least = Math.max(connections!, usual * factor!);
    const mayTell = rate.windows >= learn_windows! && rate.toldWindow !== rate.window;
    // Ids are costly: of the last events before a finding only, where those of the window are enough.
    const isNear =
      connections! <= 2 * detectorBounds.evidence
        ? rate.amount * 2 >= connections!
        : mayTell && rate.amount + detectorBounds.evidence >= least;
    if (isNear) remember(rate.ids, seen.id);
    if (!mayTell || rate.amount < least) return;
    rate.toldWindow = rate.window;
    const who = kind === 'host' ? 'The host' : programOf(seen)!;
    tell({
      kind,
      entity: kind === 'host' ? 'host' : who,
      summary: `${who} opened ${rate.amount} connections within ${secondsText(windowUs / 1e6)}, ${usual.toFixed(0)} being usual`,
      eventIds: [...rate.ids],
      firstAt: rate.window * windowUs,
      lastAt: time,
      fields: {
        ...(kind === 'host' ? {} : processFields(seen)),
        'finding.count': rate.amount,
        'finding.usual': usual,
        'finding.factor': rate.amount / Math.max(1, usual),
        'finding.span_s': windowUs / 1e6,
        'finding.learned_s': (time - rate.firstAt) / 1e6,
      },
    });
  }

  #destination(held: Held<Destinations>, ip: string, seen: Observation, tell: Tell): void {
    const { time } = seen;
    const known = this.#destinations.hold(held, time, (firstAt) => ({ firstAt, networks: [] }));
    const { networks } = known;
    if (networks === null) return;
    const network = networkOf(ip);
    if (networks.includes(network)) return;
    const learned = (time - known.firstAt) / 1e6;
    const before = networks.length;
    if (before >= mostNetworks) known.networks = null;
    else networks.push(network);
    if (before === 0 || before > this.#p['few']! || learned < this.#p['learn_s']!) return;
    const program = programOf(seen)!;
    tell({
      kind: 'new-destination',
      entity: `${program} ${network}`,
      summary: `${program} connected to ${network}, after ${secondsText(learned)} in which it knew ${before} networks only`,
      eventIds: [seen.id],
      firstAt: time,
      lastAt: time,
      fields: {
        ...processFields(seen),
        'destination.ip': seen.text('destination.ip'),
        'destination.port': seen.number('destination.port'),
        'finding.value': network,
        'finding.values': networks.slice(0, before),
        'finding.count': before,
        'finding.learned_s': learned,
      },
    });
  }

  save(): Plain {
    return [this.#rates.save(), this.#destinations.save()];
  }

  load(saved: Plain): void {
    const [rates, destinations] = saved as readonly [Plain, Plain];
    this.#rates.load(rates);
    this.#destinations.load(destinations);
  }
}

function newRate(time: number): Rate {
  return { ...noUsual(time), ids: [], toldWindow: -1, last: '' };
}
