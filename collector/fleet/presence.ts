import { nowUs } from '#shared/clock.ts';
import { VedetteError } from '#shared/errors.ts';
import type { Host, HostFacts, HostStore } from '../store/contract.ts';

/** A durable write each would let a few hundred agents a second come back after a restart; together they cost one. */
const writeEveryMs = 200;
const refreshEveryMs = 15_000;

interface Seen {
  readonly id: string;
  readonly at: number;
  readonly connected: boolean;
  readonly facts?: HostFacts;
}

export interface PresenceOptions {
  readonly hosts: HostStore;
  /** What is taken of what an agent says of its host. */
  readonly factsOf: (host: Host, raw: Readonly<Record<string, unknown>>) => Promise<HostFacts>;
  /** Told of every host whose presence or facts have changed, and of all that are connected from time to time. */
  readonly onHost: (host: Host) => void;
  readonly onProblem: (error: unknown) => void;
}

/** Who is connected: known at once, written a moment later, together with what else has changed. */
export class Presence {
  readonly #o: PresenceOptions;
  /** The last of each host, so there are never more than hosts. */
  #unwritten = new Map<string, Seen>();
  #writing: NodeJS.Timeout | undefined;
  readonly #refreshing: NodeJS.Timeout;
  #isClosed = false;

  constructor(options: PresenceOptions) {
    this.#o = options;
    this.#refreshing = setInterval(() => void this.#refresh(), refreshEveryMs);
  }

  /** Takes what an agent says of its host, if it does, and gives what is known now. Throws `identity.unknown_host`. */
  async seen(
    hostId: string,
    connected: boolean,
    raw?: Readonly<Record<string, unknown>>,
  ): Promise<HostFacts> {
    const host = await this.#o.hosts.get(hostId);
    if (host === undefined) throw new VedetteError('identity.unknown_host', `There is no host ${hostId}.`);
    const facts = raw === undefined ? this.#unwritten.get(hostId)?.facts : await this.#o.factsOf(host, raw);
    const at = nowUs();
    this.#unwritten.set(hostId, { id: hostId, at, connected, ...(facts !== undefined && { facts }) });
    this.#writeIn(writeEveryMs);
    const now = { ...host, ...facts, connected, lastSeenAt: at };
    this.#o.onHost(now);
    return now;
  }

  #writeIn(ms: number): void {
    // At the next start nobody is connected, so what comes after the end need not be kept.
    if (!this.#isClosed) this.#writing ??= setTimeout(() => void this.#write(), ms);
  }

  async #write(): Promise<void> {
    clearTimeout(this.#writing);
    this.#writing = undefined;
    if (this.#unwritten.size === 0) return;
    const seen = this.#unwritten;
    this.#unwritten = new Map();
    try {
      await this.#o.hosts.seenAll([...seen.values()]);
    } catch (error) {
      // It is tried again, unless something newer is known of a host by then.
      this.#unwritten = new Map([...seen, ...this.#unwritten]);
      this.#writeIn(refreshEveryMs);
      this.#o.onProblem(error);
    }
  }

  async #refresh(): Promise<void> {
    try {
      await this.#o.hosts.seenConnected(nowUs());
      for (const host of await this.#o.hosts.list()) if (host.connected) this.#o.onHost(host);
    } catch (error) {
      this.#o.onProblem(error);
    }
  }

  /** Writes what is left. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#refreshing);
    await this.#write();
  }
}
