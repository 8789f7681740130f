import type { DetectorContext, DetectorSpec, Observation, RunningDetector, Tell } from './contract.ts';
import { EntityTable } from './entity-table.ts';
import type { Plain } from './plain.ts';
import { processFields } from './process-fields.ts';
import { secondsText } from './words.ts';

/** A log of a host. */
type Log = {
  hostId: string;
  name: string;
  offset: number;
  firstAt: number;
  lastAt: number;
  lines: number;
  id: string;
  isTold: boolean;
};
/** Who signed in on a host, as far as logs say; and when it was last looked through. */
type Sessions = { firstAt: number; logins: number; users: string[]; told: string[]; checkedAt: number };

const mostUsers = 256;

const spec = {
  name: 'mismatch',
  doc: 'Where what logs say and what happens disagree: a log that becomes shorter, a log that falls silent while the host goes on, and processes of a login that no log tells of.',
  kinds: {
    'log-shrunk': 'A log file became shorter under the same name.',
    'log-silent': 'A log that had lines all the time has had none for long, while the host goes on.',
    'no-login': 'A process belongs to a login of a user of whom no log told.',
  },
  types: ['log.line', 'login', 'process.start', 'host.health'],
  version: 1,
  parameters: {
    silent_s: {
      doc: 'Shortest silence of a log that is told of.',
      usual: 21_600,
      least: 60,
      most: 2_592_000,
    },
    silent_factor: {
      doc: 'How many times the usual time between lines it must be.',
      usual: 30,
      least: 2,
      most: 1e6,
    },
    lines: {
      doc: 'Lines a log must have had for its silence to mean anything.',
      usual: 100,
      least: 5,
      most: 1e9,
    },
    learn_s: { doc: 'How long the logins of a host are learned.', usual: 86_400, least: 0, most: 7_776_000 },
  },
  lookbackS: (p) => p['learn_s']!,
  make: (context) => new Mismatch(context),
} as const satisfies DetectorSpec;
export const mismatch: DetectorSpec = spec;

/** How often the logs of a host are looked through. */
const checkUs = 300e6;

class Mismatch implements RunningDetector {
  readonly #p: Readonly<Record<string, number>>;
  readonly #logs: EntityTable<Log>;
  readonly #hosts: EntityTable<Sessions>;

  constructor({ parameters, memory }: DetectorContext) {
    this.#p = parameters;
    this.#logs = new EntityTable('logs', memory, 50_000);
    this.#hosts = new EntityTable('hosts', memory, 20_000);
  }

  get tables() {
    return [this.#logs.stats, this.#hosts.stats];
  }

  concerns(group: Observation): boolean {
    return group.type !== 'process.start' || group.texts('user.audit.name') !== undefined;
  }

  observe(seen: Observation, tell: Tell): void {
    if (seen.type === 'log.line') this.#line(seen, tell);
    else if (seen.type === 'login') this.#login(seen);
    else if (seen.type === 'process.start') this.#process(seen, tell);
    else this.#lookThrough(seen, tell);
  }

  #line(seen: Observation, tell: Tell): void {
    const path = seen.text('log.file.path');
    const offset = seen.number('log.offset');
    const name = path ?? seen.text('log.source') ?? '';
    const { time, hostId } = seen;
    const key = `${hostId}\0${name}`;
    const known = this.#logs.find(key, time);
    if (known === undefined) {
      this.#logs.put(key, time, {
        ...{
          hostId,
          name,
          offset: offset ?? 0,
          firstAt: time,
          lastAt: time,
          lines: 1,
          id: seen.id,
          isTold: false,
        },
      });
      return;
    }
    const before = known.offset;
    known.lines++;
    known.lastAt = Math.max(known.lastAt, time);
    known.id = seen.id;
    known.isTold = false;
    if (offset === undefined) return;
    known.offset = offset;
    if (offset >= before || seen.flag('event.baseline')) return;
    tell({
      kind: 'log-shrunk',
      entity: name,
      summary: `${name} was ${before} bytes long and goes on at ${offset}`,
      ...{ eventIds: [seen.id], firstAt: time, lastAt: time },
      fields: {
        'file.path': path,
        'finding.count': before - offset,
        'finding.usual': before,
        'finding.value': String(offset),
      },
    });
  }

  #login(seen: Observation): void {
    const user = seen.text('user.name');
    if (user === undefined || seen.text('event.outcome') !== 'success') return;
    const host = this.#sessions(seen);
    host.logins++;
    if (!host.users.includes(user)) host.users.push(user);
    if (host.users.length > mostUsers) host.users.shift();
  }

  #process(seen: Observation, tell: Tell): void {
    const user = seen.text('user.audit.name');
    if (user === undefined) return;
    const host = this.#sessions(seen);
    const { time } = seen;
    const learned = (time - host.firstAt) / 1e6;
    if (host.users.includes(user) || host.told.includes(user)) return;
    if (seen.flag('event.baseline') || learned < this.#p['learn_s']!) {
      // Whoever was there before is taken to have signed in before.
      host.users.push(user);
      if (host.users.length > mostUsers) host.users.shift();
      return;
    }
    // Without any login told of, the sensor of logins is not at work.
    if (host.logins === 0) return;
    host.told.push(user);
    if (host.told.length > mostUsers) host.told.shift();
    tell({
      kind: 'no-login',
      entity: user,
      summary: `A process belongs to a login of ${user}, of which no log has told in ${secondsText(learned)}`,
      ...{ eventIds: [seen.id], firstAt: time, lastAt: time },
      fields: {
        ...processFields(seen),
        'user.name': user,
        'finding.learned_s': learned,
        'finding.count': host.logins,
      },
    });
  }

  #sessions({ hostId, time }: Observation): Sessions {
    return this.#hosts.obtain(hostId, time, () => ({
      ...{ firstAt: time, logins: 0, users: [], told: [], checkedAt: time },
    }));
  }

  #lookThrough(seen: Observation, tell: Tell): void {
    const { time, hostId } = seen;
    const host = this.#sessions(seen);
    if (time - host.checkedAt < checkUs) return;
    host.checkedAt = time;
    for (const [, log] of this.#logs) {
      if (log.hostId !== hostId || log.isTold || log.lines < this.#p['lines']!) continue;
      const silent = (time - log.lastAt) / 1e6;
      const usual = (log.lastAt - log.firstAt) / 1e6 / log.lines;
      if (silent < Math.max(this.#p['silent_s']!, usual * this.#p['silent_factor']!)) continue;
      log.isTold = true;
      tell({
        kind: 'log-silent',
        entity: log.name,
        summary: `${log.name} has had no line for ${secondsText(silent)}, after one every ${secondsText(usual)} before`,
        ...{ eventIds: [log.id], firstAt: log.lastAt, lastAt: time },
        fields: {
          'finding.value': log.name,
          'finding.idle_s': silent,
          'finding.usual': usual,
          'finding.factor': silent / Math.max(1e-3, usual),
          'finding.count': log.lines,
        },
      });
    }
  }

  save(): Plain {
    return [this.#logs.save(), this.#hosts.save()];
  }

  load(saved: Plain): void {
    const [logs, hosts] = saved as readonly [Plain, Plain];
    this.#logs.load(logs);
    this.#hosts.load(hosts);
  }
}
