import { randomBytes } from 'node:crypto';
import { nowUs } from '#shared/clock.ts';
import { VedetteError } from '#shared/errors.ts';
import type { Audit } from '../fleet/audit.ts';
import type {
  AuditDetail,
  HuntStore,
  HuntText,
  SavedHunt,
  SqlPart,
  SqlRequest,
  SqlStreams,
  SqlTextForm,
} from '../store/contract.ts';
import type { Hunt, Hunting, HuntOrder, RunningHunt } from './contract.ts';
import { loadLibrary } from './library.ts';
import { valuesFor } from './parameters.ts';
import { Turns } from './turns.ts';

/** Hunts that run at once, and that wait for their turn. */
export const maxRunning = 2;
export const maxWaiting = 8;
const maxSaved = 1000;
/** Names of paths of the API. */
const reserved = ['run', 'running'];

export interface HuntsDeps {
  readonly sql: SqlStreams;
  readonly store: HuntStore;
  readonly audit: Audit;
}

/** One that waits or runs. */
interface Current {
  readonly name: string | null;
  readonly by: string;
  readonly startedAt: number;
  readonly abort: AbortController;
  readonly signal: AbortSignal;
  state: RunningHunt['state'];
  percent: number | null;
  /** Gives its turn back. */
  end: () => void;
}

const ofOurs = (hunt: HuntText): Hunt => ({ ...hunt, isOurs: true, savedAt: null, savedBy: null });
const ofSaved = (hunt: SavedHunt): Hunt => ({ ...hunt, isOurs: false });

/** Runs hunts for people, a bounded number at once, and keeps those they save. */
export class Hunts implements Hunting {
  readonly #deps: HuntsDeps;
  readonly #turns = new Turns(maxRunning, maxWaiting);
  readonly #current = new Map<string, Current>();
  #library: ReadonlyMap<string, HuntText> | undefined;

  constructor(deps: HuntsDeps) {
    this.#deps = deps;
  }

  get #ours(): ReadonlyMap<string, HuntText> {
    this.#library ??= new Map(loadLibrary().map((hunt) => [hunt.name, hunt]));
    return this.#library;
  }

  async list(): Promise<readonly Hunt[]> {
    const saved = (await this.#deps.store.list()).map(ofSaved);
    const all = [...[...this.#ours.values()].map(ofOurs), ...saved];
    return all.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async get(name: string): Promise<Hunt | undefined> {
    const ours = this.#ours.get(name);
    if (ours !== undefined) return ofOurs(ours);
    const saved = await this.#deps.store.get(name);
    return saved && ofSaved(saved);
  }

  async save(hunt: HuntText, by: string): Promise<Hunt> {
    const { name } = hunt;
    if (this.#ours.has(name) || reserved.includes(name))
      throw new VedetteError('api.conflict', `${name} is the name of one of ours; take another.`);
    if (new Set(hunt.parameters.map((one) => one.name)).size < hunt.parameters.length)
      throw new VedetteError('hunt.parameter', 'Two parameters have the same name.');
    // Defaults must be of their types.
    const defaults = hunt.parameters.filter((one) => one.default !== null);
    valuesFor(defaults, {});
    const at = nowUs();
    const saved: SavedHunt = { ...hunt, savedAt: at, savedBy: by };
    const entry = { at, actor: by, action: 'hunt.save', target: `hunt ${name}`, detail: { sql: hunt.sql } };
    if (!(await this.#deps.store.put(saved, maxSaved, entry)))
      throw new VedetteError('api.conflict', `There are ${maxSaved} saved hunts; remove some first.`);
    return ofSaved(saved);
  }

  async remove(name: string, by: string): Promise<void> {
    if (this.#ours.has(name)) throw new VedetteError('api.conflict', `${name} is one of ours and stays.`);
    const entry = { at: nowUs(), actor: by, action: 'hunt.remove', target: `hunt ${name}`, detail: {} };
    if (!(await this.#deps.store.remove(name, entry)))
      throw new VedetteError('api.not_found', `There is no hunt ${name}.`);
  }

  async stream(order: HuntOrder, form: SqlTextForm) {
    const request = await this.#requestOf(order);
    const { id, current } = await this.#begin(order, request);
    const parts = this.#watched(id, current, this.#deps.sql.stream(request, form, current.signal));
    const all = await begun(parts);
    // Whoever asked may be gone before they read the first part, and then nobody ends it.
    const leave = () => void parts.return(undefined).catch(() => undefined);
    if (order.signal.aborted) leave();
    else order.signal.addEventListener('abort', leave, { once: true });
    return { id, parts: all };
  }

  async parquet(order: HuntOrder) {
    const request = await this.#requestOf(order);
    const { id, current } = await this.#begin(order, request);
    try {
      const onProgress = (percent: number) => {
        current.percent = percent;
      };
      return { id, ...(await this.#deps.sql.parquet(request, current.signal, onProgress)) };
    } finally {
      this.#end(id, current);
    }
  }

  async #requestOf(order: HuntOrder): Promise<SqlRequest> {
    const { sql, name, parameters, since, until, maxRows, timeoutMs } = order;
    const rest = {
      ...(since !== undefined && { since }),
      ...(until !== undefined && { until }),
      bounds: { maxRows, timeoutMs },
    };
    if ((sql === undefined) === (name === undefined))
      throw new VedetteError('api.invalid', 'Give either sql or the name of a hunt.');
    if (sql !== undefined) return { sql, parameters, ...rest };
    const hunt = await this.get(name as string);
    if (hunt === undefined) throw new VedetteError('api.not_found', `There is no hunt ${name}.`);
    return { sql: hunt.sql, parameters: valuesFor(hunt.parameters, parameters), ...rest };
  }

  async #begin(order: HuntOrder, request: SqlRequest): Promise<{ id: string; current: Current }> {
    const id = randomBytes(8).toString('hex');
    const abort = new AbortController();
    const current: Current = {
      name: order.name ?? order.purpose ?? null,
      by: order.by,
      startedAt: nowUs(),
      abort,
      signal: AbortSignal.any([abort.signal, order.signal]),
      state: 'waiting',
      percent: null,
      end: () => undefined,
    };
    this.#current.set(id, current);
    try {
      current.end = await this.#turns.take(current.signal);
      await this.#deps.audit({
        at: nowUs(),
        actor: order.by,
        action: 'hunt.run',
        target: order.purpose ?? (order.name === undefined ? 'hunt' : `hunt ${order.name}`),
        detail: detailOf(id, order, request),
      });
    } catch (error) {
      this.#end(id, current);
      throw error;
    }
    current.state = 'running';
    return { id, current };
  }

  #end(id: string, current: Current): void {
    this.#current.delete(id);
    current.end();
  }

  async *#watched(id: string, current: Current, parts: AsyncGenerator<SqlPart>): AsyncGenerator<SqlPart> {
    try {
      for await (const part of parts) {
        if (part.part === 'progress') current.percent = part.percent;
        yield part;
      }
    } finally {
      this.#end(id, current);
    }
  }

  running(): readonly RunningHunt[] {
    return [...this.#current].map(([id, { name, by, startedAt, state, percent }]) => ({
      ...{ id, name, by, startedAt, state, percent },
    }));
  }

  cancel(id: string): boolean {
    const current = this.#current.get(id);
    current?.abort.abort();
    return current !== undefined;
  }
}

/** Who asked what is kept, with the values: they are part of the question. */
function detailOf(id: string, { name, purpose }: HuntOrder, { sql, parameters }: SqlRequest): AuditDetail {
  const hasValues = Object.keys(parameters).length > 0;
  return {
    id,
    ...(name === undefined && purpose === undefined && { sql }),
    ...(hasValues && { parameters: JSON.stringify(parameters) }),
  };
}

/** The same parts, once the first has come: what cannot begin is refused instead of given. */
async function begun(parts: AsyncGenerator<SqlPart>): Promise<AsyncGenerator<SqlPart>> {
  const first = await parts.next();
  async function* all(): AsyncGenerator<SqlPart> {
    try {
      if (!first.done) yield first.value;
      yield* parts;
    } finally {
      await parts.return(undefined);
    }
  }
  return all();
}
