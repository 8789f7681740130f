import { join } from 'node:path';
import type { Settings } from '../options.ts';
import type { Emit } from '../sensor.ts';
import { DatabaseWatch } from './database-watch.linux.ts';
import { Inventory, type PackageFacts } from './inventory.ts';
import { aptOrigins } from './origins.linux.ts';
import type { PackageSystem } from './system.ts';
import { packageSystems } from './systems.linux.ts';

/** One database and what was last read of it. */
interface Watched {
  readonly system: PackageSystem;
  readonly inventory: Inventory;
  readonly watch: DatabaseWatch;
  looked: boolean;
  seen: string | undefined;
  unread: boolean;
}

/**
 * The package databases of a host, each read again when it changes: a second after its folder came to rest, or at the
 * next look where it cannot be watched. One that is gone or cannot be read removes nothing: its last reading stands
 * until it can be read again.
 */
export class PackageDatabases {
  readonly #lists: string;
  readonly #databases: readonly Watched[];
  #emit: Emit = () => {};
  /** Readings, one after the other. */
  #work: Promise<void> = Promise.resolve();

  constructor(settings: Settings, onError: (error: unknown) => void) {
    this.#lists = join(settings.varRoot, 'lib/apt/lists');
    this.#databases = packageSystems(settings).map((system) => {
      const watch = new DatabaseWatch(() => void this.#inTurn(() => this.#renew(database)).catch(onError));
      const database: Watched = {
        system,
        inventory: new Inventory(),
        watch,
        looked: false,
        seen: undefined,
        unread: false,
      };
      return database;
    });
  }

  /** True when there is any to read. */
  get present(): boolean {
    return this.#databases.some(({ system }) => system.version() !== undefined);
  }

  /** Systems whose database could not be read. */
  get unread(): string[] {
    return this.#databases.filter(({ unread }) => unread).map(({ system }) => system.type);
  }

  /** Reads what changed; with `following` changes are told between looks as well. */
  async look(emit: Emit, following: boolean): Promise<void> {
    this.#emit = emit;
    for (const database of this.#databases) {
      if (following) database.watch.follow(database.system.folders());
      await this.#inTurn(() => this.#renew(database));
    }
  }

  async close(): Promise<void> {
    this.#emit = () => {};
    for (const { watch } of this.#databases) watch.close();
    await this.#work;
  }

  async #renew(database: Watched): Promise<void> {
    const { inventory, system } = database;
    const version = system.version();
    if (version === undefined) {
      // What comes to a system that was not there at the first look is installed, not found.
      if (!database.looked) inventory.renew([], this.#emit);
      database.looked = true;
      return;
    }
    database.looked = true;
    if (version === database.seen) return;
    const found = await system.read();
    database.unread = found === undefined;
    if (found === undefined) return;
    const whole =
      system.type === 'deb' ? await withOrigins(found, inventory.changed(found), this.#lists) : found;
    inventory.renew(whole, this.#emit);
    database.seen = version;
  }

  async #inTurn(run: () => Promise<void>): Promise<void> {
    const turn = this.#work.then(run);
    this.#work = turn.catch(() => {});
    await turn;
  }
}

/** `found`, where those of `asked` carry their origin, as far as apt knows. */
async function withOrigins(
  found: readonly PackageFacts[],
  asked: readonly PackageFacts[],
  lists: string,
): Promise<readonly PackageFacts[]> {
  const wanted = new Map<string, Set<string>>();
  for (const { name, version } of asked) {
    if (version !== undefined) wanted.set(name, (wanted.get(name) ?? new Set()).add(version));
  }
  const origins = wanted.size === 0 ? undefined : await aptOrigins(lists, wanted);
  if (origins === undefined) return found;
  return found.map((one) =>
    wanted.get(one.name)?.has(one.version ?? '') === true
      ? { ...one, origin: origins.get(`${one.name} ${one.version}`) ?? 'unknown' }
      : one,
  );
}
