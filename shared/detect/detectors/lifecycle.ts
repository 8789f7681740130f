import type { DetectorContext, DetectorSpec, Observation, RunningDetector, Tell } from './contract.ts';
import { EntityTable, Held } from './entity-table.ts';
import { remember } from './evidence.ts';
import { medianOf } from './median.ts';
import { PerText } from './per-text.ts';
import type { Plain } from './plain.ts';
import { processFields } from './process-fields.ts';
import { secondsText } from './words.ts';

/** A process that runs. */
type Alive = {
  hostId: string;
  program: string;
  name: string;
  user: string;
  startedAt: number;
  activeAt: number;
  id: string;
  isTold: boolean;
};
/** Short lives of one program below one parent. */
type Lives = {
  windowAt: number;
  count: number;
  failures: number;
  lifetimes: number[];
  told: number;
  ids: string[];
};
/** Programs of a host that run, by how many processes; of system programs as starts and ends say. */
type Programs = { running: Map<string, number>; checkedAt: number };

const growth = 2;
const mostLifetimes = 16;
const mostPrograms = 4_096;

/** Where packages put programs, which wait for work as a rule: whether those are idle is not looked at. */
const systemPath = /^\/(?:usr\/(?!local\/)|bin\/|sbin\/|lib\d*\/|snap\/)/;

/** What says that a process does something, besides starting children. */
const activities = [
  'network.connection',
  'dns.query',
  'device.access',
  'process.identity',
  'file.change',
  'file.create',
];

const spec = {
  name: 'lifecycle',
  doc: 'Processes that are started again and again after short lives, that run for long and do nothing sensors tell of, and whose program file is deleted or replaced while they run.',
  kinds: {
    respawn: 'One program under one parent ended shortly after its start again and again.',
    idle: 'A process whose program is not one of the system ran for long without a connection, a child, a query or a file of its own.',
    deleted: 'The program file of a process that runs was deleted.',
    replaced: 'The program file of a process that runs was changed or another was put in its place.',
  },
  types: [...['process.start', 'process.end', 'host.health', 'file.delete', 'file.rename'], ...activities],
  version: 1,
  parameters: {
    window_s: { doc: 'Window in which short lives are counted.', usual: 600, least: 10, most: 86_400 },
    short_s: { doc: 'Longest life that counts as short.', usual: 5, least: 0.01, most: 3_600 },
    lives: { doc: 'Fewest short lives that are told of.', usual: 30, least: 3, most: 1e6 },
    idle_s: { doc: 'How long a process must do nothing.', usual: 43_200, least: 60, most: 7_776_000 },
    check_s: {
      doc: 'How often the processes of a host are looked through.',
      usual: 3_600,
      least: 10,
      most: 86_400,
    },
  },
  lookbackS: (p) => p['window_s']!,
  make: (context) => new Lifecycle(context),
} as const satisfies DetectorSpec;
export const lifecycle: DetectorSpec = spec;

class Lifecycle implements RunningDetector {
  readonly #p: Readonly<Record<string, number>>;
  readonly #alive: EntityTable<Alive>;
  readonly #lives: EntityTable<Lives>;
  readonly #programs: EntityTable<Programs>;
  readonly #isOfSystem = new PerText('process.executable', (path) => systemPath.test(path));
  /** The one at hand. */
  #host = new Held<Programs>('');

  constructor({ parameters, memory }: DetectorContext) {
    this.#p = parameters;
    this.#alive = new EntityTable('processes', memory);
    this.#lives = new EntityTable('lives', memory, 50_000);
    this.#programs = new EntityTable('hosts', memory, 20_000);
  }

  get tables() {
    return [this.#alive.stats, this.#lives.stats, this.#programs.stats];
  }

  observe(seen: Observation, tell: Tell): void {
    if (seen.type === 'process.start') this.#started(seen);
    else if (seen.type === 'process.end') this.#ended(seen, tell);
    else if (seen.type === 'host.health') this.#lookThrough(seen, tell);
    else {
      this.#active('process.entity_id', seen);
      if (seen.type.startsWith('file.') && seen.type !== 'file.create') this.#fileGone(seen, tell);
    }
  }

  #started(seen: Observation): void {
    const program = seen.text('process.executable');
    const { time, hostId } = seen;
    this.#active('process.parent.entity_id', seen);
    if (program === undefined) return;
    this.#countProgram(hostId, program, 1, time);
    const entity = this.#isOfSystem.of(seen) ? undefined : seen.text('process.entity_id');
    if (entity === undefined) return;
    const key = `${hostId}\0${entity}`;
    const before = this.#alive.find(key, time);
    if (before !== undefined) this.#countProgram(hostId, before.program, -1, time);
    this.#alive.put(key, time, {
      ...{ hostId, program, name: seen.text('process.name') ?? '', user: seen.text('user.name') ?? '' },
      ...{ startedAt: seen.number('process.start') ?? time, activeAt: time, id: seen.id, isTold: false },
    });
  }

  #active(name: string, seen: Observation): void {
    const entity = this.#alive.size === 0 ? undefined : seen.text(name);
    if (entity === undefined) return;
    const { hostId, time } = seen;
    const alive = this.#alive.find(`${hostId}\0${entity}`, time);
    if (alive === undefined) return;
    alive.activeAt = Math.max(alive.activeAt, time);
    alive.isTold = false;
  }

  #countProgram(hostId: string, program: string, by: number, time: number): void {
    const { running } = this.#programsOf(hostId, time);
    const before = running.get(program);
    const count = (before ?? 0) + by;
    if (count > 0) {
      if (before !== undefined || running.size < mostPrograms) running.set(program, count);
    } else if (before !== undefined) running.delete(program);
  }

  #programsOf(hostId: string, time: number): Programs {
    if (this.#host.key !== hostId) this.#host = new Held(hostId);
    return this.#programs.hold(this.#host, time, (checkedAt) => ({ running: new Map(), checkedAt }));
  }

  #ended(seen: Observation, tell: Tell): void {
    const { time, hostId } = seen;
    const entity = seen.text('process.entity_id');
    const key = entity === undefined || this.#alive.size === 0 ? undefined : `${hostId}\0${entity}`;
    const alive = key === undefined ? undefined : this.#alive.find(key, time);
    if (alive !== undefined) this.#alive.forget(key!);
    const program = alive?.program ?? seen.text('process.executable');
    if (program !== undefined) this.#countProgram(hostId, program, -1, time);
    const startedAt = seen.number('process.start');
    const lived = ((seen.number('process.end') ?? time) - (startedAt ?? time)) / 1e6;
    if (program === undefined || startedAt === undefined || lived > this.#p['short_s']! || lived < 0) return;
    this.#shortLife(program, lived, seen, tell);
  }

  #shortLife(program: string, lived: number, seen: Observation, tell: Tell): void {
    const { time, hostId } = seen;
    const parent = seen.number('process.parent.pid') ?? 0;
    const lives = this.#lives.obtain(`${hostId}\0${program}\0${parent}`, time, () => ({
      ...{ windowAt: time, count: 0, failures: 0, lifetimes: [], told: 0, ids: [] },
    }));
    if (time - lives.windowAt > this.#p['window_s']! * 1e6)
      Object.assign(lives, { windowAt: time, count: 0, failures: 0, told: 0 });
    lives.count++;
    if ((seen.number('process.exit_code') ?? 0) !== 0) lives.failures++;
    lives.lifetimes.push(lived);
    if (lives.lifetimes.length > mostLifetimes) lives.lifetimes.shift();
    remember(lives.ids, seen.id);
    if (lives.count < Math.max(this.#p['lives']!, lives.told * growth)) return;
    lives.told = lives.count;
    const span = (time - lives.windowAt) / 1e6;
    const lifetime = medianOf(lives.lifetimes);
    tell({
      kind: 'respawn',
      entity: `${program} below ${parent}`,
      summary: `${program} ended ${lives.count} times within ${secondsText(span)}, after ${secondsText(lifetime)} as a rule, ${lives.failures} times with an error`,
      eventIds: [...lives.ids],
      firstAt: lives.windowAt,
      lastAt: time,
      fields: {
        ...processFields(seen),
        'process.executable': program,
        'finding.count': lives.count,
        'finding.failures': lives.failures,
        'finding.failed_share': lives.failures / lives.count,
        'finding.lifetime_s': lifetime,
        'finding.span_s': span,
      },
    });
  }

  /** Hosts tell of their health at short intervals, which is the clock here. */
  #lookThrough(seen: Observation, tell: Tell): void {
    const { time, hostId } = seen;
    const host = this.#programsOf(hostId, time);
    if (time - host.checkedAt < this.#p['check_s']! * 1e6) return;
    host.checkedAt = time;
    for (const [key, alive] of this.#alive) {
      const idle = (time - alive.activeAt) / 1e6;
      if (alive.hostId !== hostId || alive.isTold || idle < this.#p['idle_s']!) continue;
      alive.isTold = true;
      const { program, name, user, startedAt, id } = alive;
      tell({
        kind: 'idle',
        entity: `${program} ${key.slice(hostId.length + 1)}`,
        summary: `${program} has run for ${secondsText((time - startedAt) / 1e6)} and did nothing that sensors tell of for ${secondsText(idle)}`,
        eventIds: [id],
        firstAt: startedAt,
        lastAt: time,
        fields: {
          'process.executable': program,
          'process.entity_id': key.slice(hostId.length + 1),
          'process.name': name,
          'user.name': user === '' ? undefined : user,
          'finding.idle_s': idle,
          'finding.lifetime_s': (time - startedAt) / 1e6,
        },
      });
    }
  }

  #fileGone(seen: Observation, tell: Tell): void {
    const path = seen.text('file.path') ?? '';
    const before = seen.type === 'file.rename' ? seen.text('file.previous.path') : undefined;
    const { running } = this.#programsOf(seen.hostId, seen.time);
    for (const [program, kind] of [
      [path, seen.type === 'file.delete' ? 'deleted' : 'replaced'],
      [before ?? '', 'deleted'],
    ] as const) {
      const processes = program === '' ? undefined : running.get(program);
      if (processes === undefined) continue;
      tell({
        kind,
        entity: program,
        summary: `${program}, which ${processes} ${processes === 1 ? 'process runs' : 'processes run'}, was ${kind === 'deleted' ? 'deleted' : 'changed or replaced'}`,
        eventIds: [seen.id],
        firstAt: seen.time,
        lastAt: seen.time,
        fields: {
          ...processFields(seen),
          'finding.count': processes,
          'finding.value': program,
          'file.path': program,
        },
      });
    }
  }

  save(): Plain {
    return [this.#alive.save(), this.#lives.save(), this.#programs.save()];
  }

  load(saved: Plain): void {
    const [alive, lives, programs] = saved as readonly [Plain, Plain, Plain];
    this.#alive.load(alive);
    this.#lives.load(lives);
    this.#programs.load(programs);
  }
}
