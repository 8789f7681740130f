import { isLocalAddress, networkOf } from './address.ts';
import type { DetectorContext, DetectorSpec, Observation, RunningDetector, Tell } from './contract.ts';
import { EntityTable, Held } from './entity-table.ts';
import { remember } from './evidence.ts';
import { PerText } from './per-text.ts';
import type { Plain } from './plain.ts';
import { secondsText } from './words.ts';

/** How a user of that name signs in, over the whole fleet. */
type History = {
  firstAt: number;
  lastAt: number;
  count: number;
  /** Logins by hour of the day (UTC), of working days and of weekends. */
  workdays: number[];
  weekends: number[];
  networks: string[];
  methods: string[];
  hosts: string[];
  recent: { at: number; network: string; host: string; id: string }[];
  /** Told of at: by kind, so that one login in several logs is told of once. */
  told: Map<string, number>;
};

const mostValues = 32;
const mostRecent = 16;
const hours = 24;
const hourUs = 3_600e6;
/** One login stands in several logs, which tell of it within this. */
const sameUs = 10e6;
/** Weight of an hour for those before and after it: people are not punctual. */
const smoothing = [0.5, 1, 0.5] as const;

const spec = {
  name: 'login',
  doc: 'Logins against the own history of the user, over all hosts: hour of the day apart for working days and weekends, network, method and host; users that come back after long, that sign in from two networks at once, or to many hosts within a short time.',
  kinds: {
    time: 'At an hour at which the user hardly ever signs in.',
    source: 'From a network the user never came from.',
    method: 'By a method the user never used.',
    host: 'To a host the user never signed in to.',
    dormant: 'After a long time without any login.',
    'two-places': 'From another network shortly after one from elsewhere.',
    'many-hosts': 'To many hosts within a short time.',
  },
  types: ['login'],
  version: 1,
  parameters: {
    learn_s: { doc: 'How long a user is learned.', usual: 604_800, least: 0, most: 31_536_000 },
    learn_logins: {
      doc: 'Logins that must have been seen before a new network, method or host is news.',
      usual: 5,
      least: 1,
      most: 1e6,
    },
    time_logins: {
      doc: 'Logins that must have been seen before an hour is news.',
      usual: 20,
      least: 1,
      most: 1e6,
    },
    time_share: {
      doc: 'Share of logins around an hour below which it is unusual.',
      usual: 0.02,
      least: 0,
      most: 0.5,
    },
    dormant_s: {
      doc: 'How long a user must have been away.',
      usual: 2_592_000,
      least: 60,
      most: 315_360_000,
    },
    together_s: {
      doc: 'How soon after one another two networks are two places at once.',
      usual: 1_800,
      least: 1,
      most: 86_400,
    },
    quiet_s: {
      doc: 'How long two places and many hosts are not told of again for a user.',
      usual: 3_600,
      least: 1,
      most: 604_800,
    },
    many_s: { doc: 'Window of many hosts.', usual: 3_600, least: 10, most: 86_400 },
    many_hosts: { doc: 'Fewest hosts that are many.', usual: 4, least: 2, most: mostRecent },
  },
  lookbackS: (p) => Math.max(p['learn_s']!, p['many_s']!, p['together_s']!),
  make: (context) => new Logins(context),
} as const satisfies DetectorSpec;
export const login: DetectorSpec = spec;

type Fields = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;

class Logins implements RunningDetector {
  readonly #p: Readonly<Record<string, number>>;
  readonly #held = new PerText('user.name', (user) => new Held<History>(user));
  readonly #network = new PerText('source.ip', (ip) => (isLocalAddress(ip) ? '' : networkOf(ip)));
  readonly #users: EntityTable<History>;

  constructor({ parameters, memory }: DetectorContext) {
    this.#p = parameters;
    this.#users = new EntityTable('users', memory, 50_000);
  }

  get tables() {
    return [this.#users.stats];
  }

  observe(seen: Observation, tell: Tell): void {
    if (seen.text('event.action') !== 'login' || seen.text('event.outcome') !== 'success') return;
    const held = this.#held.of(seen);
    if (held === undefined) return;
    const { time } = seen;
    const history = this.#users.hold(held, time, newHistory);
    const network = this.#network.of(seen) ?? '';
    const method = seen.text('authentication.method') ?? '';
    const isRepeat = history.recent.some(
      (one) =>
        Math.abs(one.at - time) <= sameUs &&
        one.host === seen.hostId &&
        (network === '' || one.network === network || one.network === ''),
    );
    const isBaseline = seen.flag('event.baseline');
    if (!isBaseline) this.#judge(history, network, method, isRepeat, seen, tell);
    learn(history, seen.hostId, network, method, isRepeat || isBaseline, time);
    if (!isRepeat) {
      history.recent.push({ at: time, network, host: seen.hostId, id: seen.id });
      if (history.recent.length > mostRecent) history.recent.shift();
    }
  }

  #judge(
    history: History,
    network: string,
    method: string,
    isRepeat: boolean,
    seen: Observation,
    tell: Tell,
  ): void {
    const { time, hostId, hostName } = seen;
    const p = this.#p;
    const learned = (time - history.firstAt) / 1e6;
    const say = (
      kind: string,
      what: string,
      value: string,
      more: Fields = {},
      ids: readonly string[] = [],
    ) => {
      const key = kind === 'two-places' ? kind : `${kind} ${more['finding.hosts'] ?? ''} ${value}`;
      if (this.#isQuiet(history, kind, key, time)) return;
      if (history.told.size >= mostValues) history.told.clear();
      history.told.set(key, time);
      const eventIds = [...ids];
      remember(eventIds, seen.id);
      const user = seen.text('user.name')!;
      tell({
        ...{ kind, entity: `${user} ${kind} ${value}`, eventIds, firstAt: time, lastAt: time },
        summary: `${user} signed in to ${hostName} ${what}`,
        ...(kind === 'many-hosts' && { isFleet: true as const }),
        fields: {
          'user.name': user,
          'source.ip': seen.text('source.ip'),
          'authentication.method': method === '' ? undefined : method,
          'finding.value': value,
          'finding.count': history.count,
          'finding.learned_s': learned,
          ...more,
        },
      });
    };
    const away = (time - history.lastAt) / 1e6;
    if (history.count > 0 && away >= p['dormant_s']!)
      say('dormant', `after ${secondsText(away)} without a login`, '', { 'finding.idle_s': away });
    if (!isRepeat) this.#places(history, network, seen, say);
    if (learned < p['learn_s']! || history.count < p['learn_logins']!) return;
    const since = `in ${history.count} logins of ${secondsText(learned)}`;
    if (network !== '' && !history.networks.includes(network))
      say('source', `from ${network}, where it never came from ${since}`, network, {
        'finding.values': [...history.networks],
      });
    if (method !== '' && history.methods.length > 0 && !history.methods.includes(method))
      say('method', `by ${method}, which it never used ${since}`, method, {
        'finding.values': [...history.methods],
      });
    if (!history.hosts.includes(hostId) && history.hosts.length < mostValues)
      say('host', `, which it never did ${since}`, hostId, { 'finding.hosts': history.hosts.length });
    if (history.count < p['time_logins']! || isRepeat) return;
    const share = shareAround(history, time);
    if (share >= p['time_share']!) return;
    const hour = `${String(new Date(time / 1e3).getUTCHours()).padStart(2, '0')}:00 UTC`;
    say('time', `around ${hour}, when ${(share * 100).toFixed(1)} % of its logins are`, hour, {
      'finding.score': share,
    });
  }

  #places(
    history: History,
    network: string,
    { time, hostId }: Observation,
    say: (kind: string, what: string, value: string, more?: Fields, ids?: readonly string[]) => void,
  ): void {
    const { recent } = history;
    const togetherUs = this.#p['together_s']! * 1e6;
    const last =
      network === '' || this.#isQuiet(history, 'two-places', 'two-places', time)
        ? undefined
        : recent.findLast(
            (one) => one.network !== network && one.network !== '' && time - one.at <= togetherUs,
          );
    if (last !== undefined)
      say(
        'two-places',
        `from ${network}, ${secondsText((time - last.at) / 1e6)} after from ${last.network}`,
        network,
        { 'finding.expected': last.network, 'finding.interval_s': (time - last.at) / 1e6 },
        [last.id],
      );
    const manyUs = this.#p['many_s']! * 1e6;
    if (recent.some((one) => one.host === hostId && time - one.at <= manyUs)) return;
    const hosts = new Set<string>([hostId]);
    for (const { host, at } of recent) if (time - at <= manyUs) hosts.add(host);
    const isMany = hosts.size >= this.#p['many_hosts']!;
    if (!isMany || this.#isQuiet(history, 'many-hosts', manyHostsKeys[hosts.size]!, time)) return;
    say(
      'many-hosts',
      `and ${hosts.size - 1} other hosts within ${secondsText(this.#p['many_s']!)}`,
      '',
      { 'finding.hosts': hosts.size },
      recent.filter(({ at }) => time - at <= manyUs).map(({ id }) => id),
    );
  }

  /** Whether it was told of so lately that it is not told of again. */
  #isQuiet({ told }: History, kind: string, key: string, time: number): boolean {
    const toldAt = told.get(key);
    if (toldAt === undefined) return false;
    const isLasting = kind === 'two-places' || kind === 'many-hosts';
    return time - toldAt <= (isLasting ? this.#p['quiet_s']! * 1e6 : sameUs);
  }

  save(): Plain {
    return this.#users.save();
  }

  load(saved: Plain): void {
    this.#users.load(saved);
  }
}

function newHistory(time: number): History {
  const none = () => Array.from({ length: hours }, () => 0);
  return {
    ...{ firstAt: time, lastAt: time, count: 0, workdays: none(), weekends: none() },
    ...{ networks: [], methods: [], hosts: [], recent: [], told: new Map() },
  };
}

function learn(
  history: History,
  host: string,
  network: string,
  method: string,
  isUncounted: boolean,
  time: number,
): void {
  note(history.networks, network);
  note(history.methods, method);
  note(history.hosts, host);
  history.lastAt = Math.max(history.lastAt, time);
  if (isUncounted) return;
  history.count++;
  const { byHour, hour } = placeOf(history, time);
  byHour[hour]!++;
}

function note(values: string[], value: string): void {
  if (value === '' || values.includes(value)) return;
  values.push(value);
  if (values.length > mostValues) values.shift();
}

/** More hosts than told of are news, so that rules with a higher bar see them. */
const manyHostsKeys = Array.from({ length: mostRecent + 2 }, (_, hosts) => `many-hosts ${hosts} `);

function placeOf(history: History, time: number): { readonly byHour: number[]; readonly hour: number } {
  const hour = Math.floor(time / hourUs);
  // The first day of 1970 was a Thursday; so Saturday is 0.
  const day = (((Math.floor(hour / hours) + 5) % 7) + 7) % 7;
  return { byHour: day < 2 ? history.weekends : history.workdays, hour: ((hour % hours) + hours) % hours };
}

/** Share of all logins that are around the hour of such a day, the clock being a circle. */
function shareAround(history: History, time: number): number {
  const { byHour, hour } = placeOf(history, time);
  const around = smoothing.reduce(
    (sum, weight, i) => sum + weight * byHour[(hour + i - 1 + hours) % hours]!,
    0,
  );
  const all = history.workdays.reduce((a, b) => a + b, 0) + history.weekends.reduce((a, b) => a + b, 0);
  return all === 0 ? 1 : around / all;
}
