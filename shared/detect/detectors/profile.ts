import { isLocalAddress } from './address.ts';
import type { DetectorContext, DetectorSpec, Observation, RunningDetector, Tell } from './contract.ts';
import { EntityTable, Held } from './entity-table.ts';
import { PairMemory } from './key-memory.ts';
import { PerText } from './per-text.ts';
import type { Plain } from './plain.ts';
import { processFields } from './process-fields.ts';
import { secondsText } from './words.ts';

type Aspect = 'child' | 'port' | 'user' | 'place';

/** What a program of a host was seen to do; null for an aspect that has too many values to be a profile. */
type Profile = {
  firstAt: number;
  count: number;
  child: string[] | null;
  port: string[] | null;
  user: string[] | null;
  place: string[] | null;
};

/** Values of one aspect; more are no profile: shells start anything, browsers go anywhere. */
const mostValues = 16;
/** Hosts of one value that are told apart. */
const mostHosts = 64;

/** Where a program that writes is worth knowing. The longest that fits is meant. */
const places = [
  ...['/etc/', '/etc/cron', '/etc/systemd/', '/etc/ssh/', '/etc/pam.d/', '/etc/ld.so', '/etc/sudoers'],
  ...['/usr/bin/', '/usr/sbin/', '/usr/lib/', '/usr/local/', '/boot/', '/root/', '/lib/', '/var/spool/cron'],
].sort((a, b) => b.length - a.length);

const spec = {
  name: 'profile',
  doc: 'Programs that do what they never did on their host: start a child, reach a port, run as a user, or write to a sensitive folder. Programs with many values of a kind have no profile of it. Rarity says how few hosts of those with the program know the value.',
  kinds: {
    child: 'It starts a program it never started.',
    port: 'It connects to a port it never used.',
    user: 'It runs as a user it never ran as.',
    place: 'It writes to a sensitive folder it never wrote to.',
  },
  types: ['process.start', 'network.connection', 'file.create', 'file.change'],
  version: 1,
  parameters: {
    learn_s: { doc: 'How long a program of a host is learned.', usual: 259_200, least: 0, most: 7_776_000 },
    learn_events: { doc: 'Events of it that must have been seen.', usual: 20, least: 1, most: 1e6 },
  },
  lookbackS: (p) => p['learn_s']!,
  make: (context) => new Profiles(context),
} as const satisfies DetectorSpec;
export const profile: DetectorSpec = spec;

/** A program of the host in a batch. */
interface Program {
  readonly path: string;
  readonly held: Held<Profile>;
  /** By number of a text in the batch: the profile that is known to have it. */
  readonly children: (Profile | undefined)[];
  readonly users: (Profile | undefined)[];
}

class Profiles implements RunningDetector {
  readonly #p: Readonly<Record<string, number>>;
  readonly #held = new PairMemory((key) => new Held<Profile>(key));
  readonly #program = new PerText('process.executable', (text, { hostId }) => this.#programOf(hostId, text));
  readonly #parent = new PerText('process.parent.executable', (text, { hostId }) =>
    this.#programOf(hostId, text),
  );
  readonly #programs: EntityTable<Profile>;
  /** Hosts by program, and by program and value. */
  readonly #hosts: EntityTable<string[]>;

  constructor({ parameters, memory }: DetectorContext) {
    this.#p = parameters;
    this.#programs = new EntityTable('programs', memory);
    this.#hosts = new EntityTable('fleet', memory);
  }

  get tables() {
    return [this.#programs.stats, this.#hosts.stats];
  }

  observe(seen: Observation, tell: Tell): void {
    const program = this.#program.of(seen);
    if (program === undefined) return;
    if (seen.type === 'process.start') this.#started(program, seen, tell);
    else if (seen.type === 'network.connection') {
      if (seen.text('event.action') !== 'connected' || !seen.flag('network.initiated')) return;
      const ip = seen.text('destination.ip');
      const port = seen.number('destination.port');
      if (ip === undefined || port === undefined || isLocalAddress(ip)) return;
      this.#note(this.#seenOf(program, seen), 'port', String(port), seen, tell);
    } else {
      const path = seen.text('file.path') ?? '';
      const place = places.find((one) => path.startsWith(one));
      if (place !== undefined) this.#note(this.#seenOf(program, seen), 'place', place, seen, tell);
    }
  }

  #started(program: Program, seen: Observation, tell: Tell): void {
    const parent = this.#parent.of(seen);
    if (parent !== undefined && parent.path !== program.path) {
      const profile = this.#seenOf(parent, seen);
      const number = seen.entry('process.executable');
      if (parent.children[number] !== profile) {
        parent.children[number] = profile;
        this.#note(profile, 'child', program.path, seen, tell);
      }
    }
    const number = seen.entry('user.name');
    if (number === 0) return;
    const profile = this.#seenOf(program, seen);
    if (program.users[number] === profile) return;
    program.users[number] = profile;
    this.#note(profile, 'user', seen.text('user.name')!, seen, tell);
  }

  #programOf(hostId: string, path: string): Program {
    return { path, held: this.#held.of(hostId, path), children: [], users: [] };
  }

  /** The profile, with one event more. */
  #seenOf({ held }: Program, { time }: Observation): Profile {
    const profile = this.#programs.hold(held, time, newProfile);
    profile.count++;
    return profile;
  }

  #note(profile: Profile, aspect: Aspect, value: string, seen: Observation, tell: Tell): void {
    const values = profile[aspect];
    if (values === null || values.includes(value)) return;
    const { time } = seen;
    const { hostId } = seen;
    const program = seen.text(aspect === 'child' ? 'process.parent.executable' : 'process.executable')!;
    const before = values.length;
    if (before >= mostValues) profile[aspect] = null;
    else values.push(value);
    const hosts = this.#noteHost(program, hostId, time);
    const knowing = this.#noteHost(`${program}\0${aspect}\0${value}`, hostId, time);
    const learned = (time - profile.firstAt) / 1e6;
    const isLearned = learned >= this.#p['learn_s']! && profile.count >= this.#p['learn_events']!;
    // A program that never did the like at all is only beginning to show what it does.
    if (!isLearned || before === 0 || before >= mostValues || seen.flag('event.baseline')) return;
    const rarity = 1 - knowing / Math.max(1, hosts);
    tell({
      kind: aspect,
      entity: `${program} ${aspect} ${value}`,
      summary: `${program} ${words[aspect]} ${value}, which it never did on this host in ${secondsText(learned)}; ${knowing} of ${hosts} hosts know it`,
      eventIds: [seen.id],
      firstAt: time,
      lastAt: time,
      fields: {
        ...processFields(seen),
        'finding.value': value,
        'finding.values': values.slice(0, before),
        'finding.expected': program,
        'finding.count': profile.count,
        'finding.learned_s': learned,
        'finding.rarity': rarity,
        'finding.hosts': knowing,
        'finding.fleet_hosts': hosts,
        'file.path': seen.text('file.path'),
        'destination.ip': seen.text('destination.ip'),
        'destination.port': seen.number('destination.port'),
      },
    });
  }

  /** Gives how many hosts there are with it. */
  #noteHost(key: string, hostId: string, time: number): number {
    const hosts = this.#hosts.obtain(key, time, () => []);
    if (!hosts.includes(hostId) && hosts.length < mostHosts) hosts.push(hostId);
    return hosts.length;
  }

  save(): Plain {
    return [this.#programs.save(), this.#hosts.save()];
  }

  load(saved: Plain): void {
    const [programs, hosts] = saved as readonly [Plain, Plain];
    this.#programs.load(programs);
    this.#hosts.load(hosts);
  }
}

const words: Readonly<Record<Aspect, string>> = {
  child: 'started',
  port: 'connected to port',
  user: 'ran as',
  place: 'wrote to',
};

function newProfile(firstAt: number): Profile {
  return { firstAt, count: 0, child: [], port: [], user: [], place: [] };
}
