import { EventEmitter, once } from 'node:events';
import { VedetteError } from '#shared/errors.ts';
import { type QueryPart, queryBounds } from '#shared/query/bounds.ts';
import type {
  CommandResult,
  Host,
  LiveQueryHost,
  LiveQueryLine,
  LiveQueryState,
} from '../../store/contract.ts';
import { decodePart, partFrom } from './answer-part.ts';
import type { Asker, Asks } from './asks.ts';

/** Rows of all hosts together; what is beyond is counted. */
export const maxTotalRows = 200_000;
/** Bytes of all lines together, as JSON. */
export const maxTotalBytes = 64 * 1024 * 1024;
/** Beyond its own time on the host, for what waits there before it and for the way. */
const graceMs = 20_000;

export interface LiveQueryOptions {
  readonly id: string;
  readonly sql: string;
  readonly timeoutMs: number;
  /** Most rows of one host. */
  readonly rows: number;
  readonly by: string;
  /** Microseconds since the epoch. */
  readonly startedAt: number;
  readonly hosts: readonly Host[];
  readonly asks: Asks;
  readonly onEnd: (query: LiveQuery) => void;
}

type Asked = { -readonly [K in keyof LiveQueryHost]: LiveQueryHost[K] } & {
  /** Id of the command while the answer is awaited. */
  command?: string | undefined;
  nextPart: number;
  bytes: number;
};

/** One query on many hosts, and what they have answered so far. */
export class LiveQuery {
  readonly #o: LiveQueryOptions;
  readonly #hosts: readonly Asked[];
  readonly #lines: string[] = [];
  readonly #news = new EventEmitter();
  #state: LiveQueryState['state'] = 'running';
  #rows = 0;
  #cut = 0;
  #bytes = 0;
  #deadline: NodeJS.Timeout | undefined;

  constructor(options: LiveQueryOptions) {
    this.#o = options;
    this.#news.setMaxListeners(0);
    this.#hosts = options.hosts.map((host) => ({
      hostId: host.id,
      hostName: host.hostname,
      state: 'asked',
      ...{ rows: 0, cut: 0, tookMs: 0, code: '', detail: '', nextPart: 0, bytes: 0 },
    }));
  }

  get id(): string {
    return this.#o.id;
  }

  get state(): LiveQueryState {
    const count = (state: LiveQueryHost['state']) =>
      this.#hosts.filter((host) => host.state === state).length;
    const { id, sql, by, startedAt } = this.#o;
    return {
      ...{ id, sql, by, startedAt, state: this.#state },
      ...{ rows: this.#rows, cut: this.#cut },
      hosts: this.#hosts.length,
      done: count('done'),
      failed: count('failed'),
      away: count('away'),
    };
  }

  /** Memory the lines take, as bytes of JSON. */
  get sizeBytes(): number {
    return this.#bytes;
  }

  start(): void {
    const { timeoutMs } = this.#o;
    this.#deadline = setTimeout(
      () => this.#giveUp('query.timed_out', 'It did not answer in time.'),
      timeoutMs + graceMs,
    );
    for (const host of this.#hosts) this.#ask(host);
    this.#endIfAnswered();
  }

  /** Ends it for the hosts that have not answered. */
  cancel(): void {
    if (this.#state !== 'running') return;
    this.#giveUp('query.canceled', 'It was canceled.', 'canceled');
  }

  /** Lines from number `after` on, each JSON with its line end, until the query has ended and all are given. */
  async *lines(after: number, signal: AbortSignal): AsyncGenerator<string> {
    for (let at = after; ; ) {
      while (at < this.#lines.length) yield this.#lines[at++] as string;
      if (this.#state !== 'running') return;
      await once(this.#news, 'line', { signal });
    }
  }

  #ask(host: Asked): void {
    const { asks, sql, timeoutMs, rows } = this.#o;
    const args = { sql, timeoutMs, rows, stream: true };
    const asked = asks.ask(host.hostId, 'query.run', args, timeoutMs + graceMs, this.#askerFor(host));
    if (asked.ok) host.command = asked.value;
    else {
      const { code, detail } = asked.error;
      this.#settle(host, code === 'query.host_away' ? 'away' : 'failed', { code, detail });
    }
  }

  #askerFor(host: Asked): Asker {
    return {
      part: (index, data) => {
        host.bytes += data.length;
        const part = decodePart(data);
        const isNext = index === host.nextPart++;
        if (part === undefined || !isNext || host.bytes > queryBounds.maxBytes + queryBounds.maxPartBytes)
          this.#distrust(host);
        else this.#take(host, part);
      },
      ended: (result) => this.#ended(host, result),
    };
  }

  #distrust(host: Asked): void {
    if (host.command !== undefined) this.#o.asks.cancel(host.command);
    const { code, detail } = new VedetteError('command.result_malformed', 'Its rows are none of this query.');
    this.#settle(host, 'failed', { code, detail });
  }

  #take(host: Asked, { columns, rows }: QueryPart): void {
    for (const values of rows) {
      const row = Object.fromEntries(columns.map((name, at) => [name, values[at] ?? null]));
      const { hostId, hostName } = host;
      const fits = this.#rows < maxTotalRows && this.#bytes < maxTotalBytes;
      if (fits) {
        this.#say({ type: 'row', host: hostId, hostName, row });
        this.#rows++;
        host.rows++;
      } else {
        this.#cut++;
        host.cut++;
      }
    }
  }

  #ended(host: Asked, result: CommandResult | undefined): void {
    host.command = undefined;
    if (result === undefined) {
      const { code, detail } = new VedetteError('query.connection_lost', 'Its connection ended.');
      this.#settle(host, 'failed', { code, detail });
      return;
    }
    const { status, code, detail, output, cut } = result;
    const whole =
      output?.['values'] === undefined ? undefined : partFrom(output['columns'], output['values']);
    if (whole !== undefined) this.#take(host, whole);
    host.cut += cut;
    this.#cut += cut;
    const tookMs = Number(output?.['tookMs']);
    host.tookMs = Number.isFinite(tookMs) ? tookMs : 0;
    this.#settle(host, status === 'done' ? 'done' : 'failed', { code, detail });
  }

  #giveUp(
    code: 'query.timed_out' | 'query.canceled',
    detail: string,
    state: 'done' | 'canceled' = 'done',
  ): void {
    for (const host of this.#hosts) {
      if (host.state !== 'asked') continue;
      if (host.command !== undefined) this.#o.asks.cancel(host.command);
      this.#settle(host, 'failed', { code, detail }, state);
    }
    this.#endIfAnswered(state);
  }

  #settle(
    host: Asked,
    state: 'done' | 'failed' | 'away',
    { code, detail }: { readonly code: string; readonly detail: string },
    endState: 'done' | 'canceled' = 'done',
  ): void {
    if (host.state !== 'asked') return;
    Object.assign(host, { state, code, detail });
    const { hostId, hostName, rows, cut, tookMs } = host;
    const answered = this.#hosts.filter((one) => one.state !== 'asked').length;
    this.#say({
      type: 'host',
      host: hostId,
      ...{ hostName, state, rows, cut, tookMs, code, detail, answered },
      hosts: this.#hosts.length,
    });
    if (endState === 'done') this.#endIfAnswered();
  }

  #endIfAnswered(state: 'done' | 'canceled' = 'done'): void {
    if (this.#state !== 'running' || this.#hosts.some((host) => host.state === 'asked')) return;
    clearTimeout(this.#deadline);
    this.#state = state;
    const { hosts, done, failed, away, rows, cut } = this.state;
    this.#say({ type: 'end', state, hosts, done, failed, away, rows, cut });
    this.#o.onEnd(this);
  }

  #say(line: LiveQueryLine): void {
    const text = `${JSON.stringify(line)}\n`;
    this.#lines.push(text);
    this.#bytes += Buffer.byteLength(text);
    this.#news.emit('line');
  }
}
