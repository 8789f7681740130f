import { isLocalAddress } from './address.ts';
import type { DetectorContext, DetectorSpec, Observation, RunningDetector, Tell } from './contract.ts';
import { EntityTable } from './entity-table.ts';
import { remember } from './evidence.ts';
import { FirstSeen } from './first-seen.ts';
import { type Hashed, KeyHash } from './key-hash.ts';
import { PairMemory } from './key-memory.ts';
import { medianDeviationOf, medianOf } from './median.ts';
import { PerProgram } from './per-program.ts';
import type { Plain } from './plain.ts';
import { programOf } from './process-fields.ts';
import { secondsText } from './words.ts';

/** Connections of one program of a host to one destination. Times in microseconds. */
type Beats = {
  /** Of the beats, oldest first. */
  times: number[];
  ids: string[];
  /** All beats, those forgotten among them. */
  count: number;
  firstAt: number;
  lastAt: number;
  connection: string;
  /** Beats at the last finding. */
  toldCount: number;
  /** Half of the hash of its key. */
  hash: number;
};

/** A program of a host. */
interface Source {
  readonly key: string;
  readonly hash: Hashed;
}

/** Beats remembered of one destination. */
const mostBeats = 33;
/** An interval this far from the median still counts as regular, so that 30 % of jitter passes. */
const tolerance = 0.35;
/** A beat that was missed makes an interval of twice the median, and so on. */
const mostMissed = 3;
/** Told again when there are this many times the beats. */
const growth = 1.5;
const mostHosts = 16;
/** Hashes of destinations kept in any case. */
const leastHashes = 1_000;

const spec = {
  name: 'beacon',
  doc: 'Regular connections of a program to one destination, by address or by the name it asks for: what malware does to ask for orders. Regularity is measured by medians, so that jitter and missed beats do not hide it.',
  kinds: {
    connection: 'Connections to one address and port.',
    name: 'DNS queries for one name.',
  },
  types: ['network.connection', 'dns.query'],
  version: 2,
  parameters: {
    beats: { doc: 'Fewest beats that are judged.', usual: 8, least: 4, most: mostBeats },
    burst_s: {
      doc: 'What follows a beat within this belongs to it.',
      usual: 2,
      least: 0,
      most: 600,
    },
    shortest_s: { doc: 'Shortest median interval that is told of.', usual: 5, least: 0.1, most: 3_600 },
    jitter: { doc: 'Largest jitter that is told of; see finding.jitter.', usual: 0.25, least: 0, most: 1 },
    regularity: { doc: 'Least regularity that is told of.', usual: 0.8, least: 0, most: 1 },
    history_s: {
      doc: 'History looked back on where nothing is remembered.',
      usual: 86_400,
      least: 60,
      most: 2_592_000,
    },
  },
  lookbackS: (p) => p['history_s']!,
  make: (context) => new Beacon(context),
} as const satisfies DetectorSpec;
export const beacon: DetectorSpec = spec;

class Beacon implements RunningDetector {
  readonly #p: Readonly<Record<string, number>>;
  readonly #sources = new PairMemory<Source>((key) => {
    const { a, b } = new KeyHash().text(key);
    return { key, hash: { a, b } };
  });
  readonly #source = new PerProgram((program, { hostId }) => this.#sources.of(hostId, program));
  readonly #hash = new KeyHash();
  readonly #once: FirstSeen;
  readonly #beats: EntityTable<Beats>;
  /** Of `#beats`, so that new destinations need no key; those that left are still there until it is made anew. */
  #hashes = new Set<number>();
  /** Hosts by program and destination that were told of. */
  readonly #hosts: EntityTable<string[]>;

  constructor({ parameters, memory }: DetectorContext) {
    this.#p = parameters;
    this.#once = new FirstSeen('seen once', memory, 100_000);
    this.#beats = new EntityTable('destinations', memory);
    this.#hosts = new EntityTable('told', memory, 20_000);
  }

  get tables() {
    return [this.#once.stats, this.#beats.stats, this.#hosts.stats];
  }

  observe(seen: Observation, tell: Tell): void {
    const isName = seen.type === 'dns.query';
    const what = isName ? nameAsked(seen) : addressReached(seen);
    const port = isName ? undefined : seen.number('destination.port');
    if (what === undefined || (port === undefined && !isName)) return;
    const source = this.#source.of(seen);
    if (source === undefined) return;
    const { time } = seen;
    const beats = this.#beatsOf(source, what, port, time);
    if (beats === undefined) return;
    const connection = seen.text('network.connection_id') ?? '';
    // An attempt and what became of it are one beat.
    if (connection !== '' && connection === beats.connection) return;
    beats.connection = connection;
    const last = beats.times.at(-1) ?? Number.NEGATIVE_INFINITY;
    if (time - last <= this.#p['burst_s']! * 1e6) return;
    beats.times.push(time);
    if (beats.times.length > mostBeats) beats.times.shift();
    beats.count++;
    beats.lastAt = time;
    // Most destinations are reached a few times at most, and ids are costly.
    if (beats.count > 2) remember(beats.ids, seen.id);
    if (beats.times.length >= this.#p['beats']! && beats.count >= beats.toldCount * growth)
      this.#judge(beats, destinationOf(what, port), seen, tell);
  }

  /** Undefined at the first sight of a destination, which is for most of them the last. */
  #beatsOf({ key, hash }: Source, what: string, port: number | undefined, time: number): Beats | undefined {
    const whole = this.#hash
      .from(hash)
      .text(what)
      .number(port ?? -1);
    if (this.#hashes.has(whole.a)) {
      const known = this.#beats.find(`${key}\0${destinationOf(what, port)}`, time);
      if (known !== undefined) return known;
    }
    const firstAt = this.#once.take(whole, time);
    if (firstAt === undefined) return undefined;
    const first = { times: [firstAt], ids: [], count: 1, firstAt, lastAt: firstAt };
    const beats: Beats = { ...first, connection: '', toldCount: 0, hash: whole.a };
    this.#beats.put(`${key}\0${destinationOf(what, port)}`, time, beats);
    this.#hashes.add(whole.a);
    if (this.#hashes.size > 2 * this.#beats.size + leastHashes) this.#hashAnew();
    return beats;
  }

  #hashAnew(): void {
    this.#hashes = new Set();
    for (const [, { hash }] of this.#beats) this.#hashes.add(hash);
  }

  #judge(beats: Beats, destination: string, seen: Observation, tell: Tell): void {
    const program = programOf(seen)!;
    const intervals = beats.times.slice(1).map((time, i) => (time - beats.times[i]!) / 1e6);
    const median = medianOf(intervals);
    const jitter = medianDeviationOf(intervals, median) / median;
    const regularity = intervals.filter((one) => isRegular(one / median)).length / intervals.length;
    const p = this.#p;
    if (median < p['shortest_s']! || jitter > p['jitter']! || regularity < p['regularity']!) return;
    beats.toldCount = beats.count;
    const name = seen.type === 'dns.query' ? destination : undefined;
    const span = (beats.lastAt - beats.firstAt) / 1e6;
    const hosts = this.#hosts.obtain(`${program}\0${destination}`, seen.time, () => []);
    if (!hosts.includes(seen.hostId) && hosts.length < mostHosts) hosts.push(seen.hostId);
    tell({
      kind: name === undefined ? 'connection' : 'name',
      entity: `${program} ${destination}`,
      summary: `${program} ${name === undefined ? 'connects to' : 'asks for'} ${destination} every ${secondsText(median)}, ${beats.count} times in ${secondsText(span)}, jitter ${Math.round(jitter * 100)} %`,
      eventIds: [...beats.ids],
      firstAt: beats.firstAt,
      lastAt: beats.lastAt,
      fields: {
        'finding.count': beats.count,
        'finding.span_s': span,
        'finding.interval_s': median,
        'finding.jitter': jitter,
        'finding.regularity': regularity,
        'finding.hosts': hosts.length,
        'process.executable': seen.text('process.executable'),
        'process.name': seen.text('process.name'),
        'process.command_line': seen.text('process.command_line'),
        'process.entity_id': seen.text('process.entity_id'),
        'process.parent.executable': seen.text('process.parent.executable'),
        'user.name': seen.text('user.name'),
        'source.ip': seen.text('source.ip'),
        ...(name === undefined
          ? {
              'destination.ip': seen.text('destination.ip'),
              'destination.port': seen.number('destination.port'),
              'network.transport': seen.text('network.transport'),
            }
          : { 'dns.question.name': name }),
      },
    });
  }

  save(): Plain {
    return [this.#once.save(), this.#beats.save(), this.#hosts.save()];
  }

  load(saved: Plain): void {
    const [once, beats, hosts] = saved as readonly [Plain, Plain, Plain];
    this.#once.load(once);
    this.#beats.load(beats);
    this.#hashAnew();
    this.#hosts.load(hosts);
  }
}

function isRegular(multiple: number): boolean {
  const whole = Math.max(1, Math.round(multiple));
  return whole <= mostMissed && Math.abs(multiple - whole) <= tolerance;
}

function addressReached(seen: Observation): string | undefined {
  const action = seen.text('event.action');
  if (action !== 'connected' && action !== 'attempted' && action !== 'failed') return undefined;
  const ip = seen.text('destination.ip');
  return ip === undefined || isLocalAddress(ip) ? undefined : ip;
}

/** A name, or an address with its port. */
function destinationOf(what: string, port: number | undefined): string {
  if (port === undefined) return what;
  return what.includes(':') ? `[${what}]:${port}` : `${what}:${port}`;
}

function nameAsked(seen: Observation): string | undefined {
  if (seen.text('network.protocol') !== 'dns') return undefined;
  const name = seen.text('dns.question.name')?.toLowerCase().replace(/\.$/, '');
  return name === undefined || !name.includes('.') || name.endsWith('.arpa') ? undefined : name;
}
