import { randomBytes } from 'node:crypto';
import { nowUs } from '#shared/clock.ts';
import { fail, ok, type Result, VedetteError } from '#shared/errors.ts';
import { outside } from '../../intake/outside.ts';
import type { Host, HostStore, LiveQueryOrder, LiveQueryState } from '../../store/contract.ts';
import type { Audit } from '../audit.ts';
import { isMeantBy, type NamedHost } from '../host-pattern.ts';
import type { Asks } from './asks.ts';
import { checkSql } from './check-sql.ts';
import { LiveQuery } from './live-query.ts';

/** Hosts of one query. */
export const maxHosts = 2000;
/** Queries that run at once. */
export const maxRunning = 16;
/** What ended is kept this long, for whoever comes back for the rest, and never more of it than this. */
const keepMs = 300_000;
const maxKeptBytes = 128 * 1024 * 1024;
const maxKept = 64;
/** Longest list of hosts in an audit entry. */
const maxListedHosts = 50;

export interface LiveQueriesOptions {
  readonly asks: Asks;
  readonly hosts: HostStore;
  readonly audit: Audit;
  readonly log: (level: 'info' | 'warn', what: string, detail: Readonly<Record<string, unknown>>) => void;
}

/** Queries that somebody asks of hosts now. Their rows are in memory only, within bounds, and gone some minutes later. */
export class LiveQueries {
  readonly #o: LiveQueriesOptions;
  readonly #queries = new Map<string, LiveQuery>();

  constructor(options: LiveQueriesOptions) {
    this.#o = options;
  }

  /** Asks the hosts that are connected; `query.*` when it is refused. */
  async start(order: LiveQueryOrder): Promise<Result<LiveQueryState>> {
    const running = [...this.#queries.values()].filter((query) => query.state.state === 'running');
    if (running.length >= maxRunning) return fail('query.busy', `${maxRunning} live queries run.`);
    const checked = checkSql(order.sql);
    if (!checked.ok) return checked;
    const hosts = selected(
      (await this.#o.hosts.list()).filter(({ id }) => id !== outside.id),
      order.hosts,
    );
    if (!hosts.ok) return hosts;
    const { sql, timeoutMs, rows, by } = order;
    const startedAt = nowUs();
    const query = new LiveQuery({
      ...{ sql, timeoutMs, rows, by, startedAt, asks: this.#o.asks },
      id: randomBytes(8).toString('hex'),
      hosts: hosts.value,
      onEnd: (ended) => this.#ended(ended),
    });
    // Recorded first: what cannot be told later is not done.
    await this.#o.audit({
      at: startedAt,
      actor: by,
      action: 'query.start',
      target: `query ${query.id}`,
      detail: { sql, hosts: listed(hosts.value), count: hosts.value.length },
    });
    this.#prune();
    this.#queries.set(query.id, query);
    query.start();
    return ok(query.state);
  }

  list(): readonly LiveQueryState[] {
    return [...this.#queries.values()].map((query) => query.state).reverse();
  }

  /** Throws `api.not_found`, also for one that is not kept any more. */
  get(id: string): LiveQuery {
    const query = this.#queries.get(id);
    if (query === undefined) throw new VedetteError('api.not_found', `There is no live query ${id}.`);
    return query;
  }

  /** Throws `api.not_found`. */
  async cancel(id: string, by: string): Promise<LiveQueryState> {
    const query = this.get(id);
    if (query.state.state === 'running')
      await this.#o.audit({
        at: nowUs(),
        actor: by,
        action: 'query.cancel',
        target: `query ${id}`,
        detail: {},
      });
    query.cancel();
    return query.state;
  }

  close(): void {
    for (const query of this.#queries.values()) query.cancel();
    this.#queries.clear();
  }

  #ended(query: LiveQuery): void {
    const { id, state, done, failed, away, rows, cut } = query.state;
    this.#o.log('info', 'live query ended', { query: id, state, done, failed, away, rows, cut });
    setTimeout(() => this.#queries.delete(id), keepMs).unref();
    this.#prune();
  }

  /** Forgets the oldest that have ended, until the rest is within the bounds. */
  #prune(): void {
    const ended = [...this.#queries.values()].filter((query) => query.state.state !== 'running');
    let bytes = ended.reduce((sum, query) => sum + query.sizeBytes, 0);
    for (const query of ended.slice(0, -1)) {
      if (bytes <= maxKeptBytes && this.#queries.size < maxKept) return;
      bytes -= query.sizeBytes;
      this.#queries.delete(query.id);
    }
  }
}

function listed(hosts: readonly Host[]): string {
  const names = hosts.slice(0, maxListedHosts).map(({ id, hostname }) => `${id} (${hostname})`);
  return `${names.join(', ')}${hosts.length > maxListedHosts ? ' …' : ''}`;
}

/** Whether one of the patterns means the host. */
export function isMeant(host: NamedHost, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => isMeantBy(host, pattern));
}

/** The active hosts that are meant; every pattern must mean one. */
function selected(hosts: readonly Host[], patterns: readonly string[]): Result<readonly Host[]> {
  const active = hosts.filter((host) => host.state === 'active');
  const idle = patterns.find((pattern) => !active.some((host) => isMeant(host, [pattern])));
  if (idle !== undefined) return fail('query.no_host', `No active host is ${idle.slice(0, 128)}.`);
  const meant = active.filter((host) => isMeant(host, patterns));
  if (meant.length > maxHosts)
    return fail('query.busy', `These are ${meant.length} hosts; one query may ask ${maxHosts}.`);
  return ok(meant);
}
