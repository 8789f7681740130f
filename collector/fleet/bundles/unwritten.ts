import type { HostBundleStore, SaidBundle, WantedBundle } from '../../store/contract.ts';

/** A durable write for each sign of life of each host would be more than a disk can do; together they cost one. */
const newsMs = 200;
const figuresMs = 1000;
const retryMs = 5000;

/** What hosts say of their rules, written together a moment later: news soon, mere figures with them or a second on. */
export class Unwritten {
  readonly #store: HostBundleStore;
  readonly #onProblem: (error: unknown) => void;
  readonly #onWritten: () => void;
  /** The last of each host, so there are never more than hosts. */
  #said = new Map<string, SaidBundle>();
  #wanted = new Map<string, WantedBundle>();
  #timer: NodeJS.Timeout | undefined;
  #dueAtMs = Number.POSITIVE_INFINITY;
  #isClosed = false;

  constructor(store: HostBundleStore, onProblem: (error: unknown) => void, onWritten: () => void) {
    this.#store = store;
    this.#onProblem = onProblem;
    this.#onWritten = onWritten;
  }

  say(said: SaidBundle, isNews: boolean): void {
    this.#said.set(said.hostId, said);
    this.#writeIn(isNews ? newsMs : figuresMs);
  }

  want(hostId: string, wanted: WantedBundle): void {
    this.#wanted.set(hostId, wanted);
    // What it refused before is of no interest any more.
    const said = this.#said.get(hostId);
    if (said !== undefined) this.#said.set(hostId, { ...said, code: '', detail: '' });
    this.#writeIn(newsMs);
  }

  #writeIn(ms: number): void {
    const dueAtMs = performance.now() + ms;
    if (this.#isClosed || dueAtMs >= this.#dueAtMs) return;
    clearTimeout(this.#timer);
    this.#dueAtMs = dueAtMs;
    this.#timer = setTimeout(() => void this.#write(), ms);
  }

  async #write(): Promise<void> {
    clearTimeout(this.#timer);
    this.#dueAtMs = Number.POSITIVE_INFINITY;
    const [said, wanted] = [this.#said, this.#wanted];
    if (said.size === 0 && wanted.size === 0) return;
    [this.#said, this.#wanted] = [new Map(), new Map()];
    try {
      const change = [...wanted].map(([hostId, one]) => ({ hostId, ...one }));
      await this.#store.putAll({ said: [...said.values()], wanted: change });
      this.#onWritten();
    } catch (error) {
      // It is tried again, unless something newer is known of a host by then.
      this.#said = new Map([...said, ...this.#said]);
      this.#wanted = new Map([...wanted, ...this.#wanted]);
      this.#writeIn(retryMs);
      this.#onProblem(error);
    }
  }

  /** Writes what is left. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#write();
  }
}
