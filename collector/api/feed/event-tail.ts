import type { Filter } from '#shared/filter/filter.ts';
import type { EventReader } from '../../store/contract.ts';
import { toIso } from '../instants.ts';
import { eventJson } from '../json/event.ts';

/** Events of one frame. */
const pageSize = 200;
const maxPages = 5;
/** Looks at one filter are no closer together. */
const everyMs = 250;
/** Behind by more than this, what lies between is passed over, and clients are told. */
const maxBehindUs = 10_000_000;

/** Events that some filter holds for, in the order they were stored, from when somebody asked on. */
export class EventTail {
  readonly #events: EventReader;
  readonly #filter: Filter;
  readonly #tell: (frame: string) => void;
  readonly #now: () => number;
  #cursor: string | undefined;
  /** Where `cursor` was when it last was at the end. Microseconds. */
  #caughtUpAt: number;
  #isBusy = false;
  #isDue = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(events: EventReader, filter: Filter, tell: (frame: string) => void, now: () => number) {
    this.#events = events;
    this.#filter = filter;
    this.#tell = tell;
    this.#now = now;
    this.#caughtUpAt = now();
  }

  /** Something was stored. */
  poke(): void {
    this.#isDue = true;
    if (!this.#isBusy) this.#timer ??= setTimeout(() => void this.#look(), everyMs);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#isDue = false;
  }

  /** Rejects never: what cannot be read now is read at the next look. */
  async #look(): Promise<void> {
    this.#timer = undefined;
    this.#isBusy = true;
    this.#isDue = false;
    try {
      for (let page = 0; page < maxPages && (await this.#page()); page++);
    } catch {
      this.#isDue = true;
    }
    this.#isBusy = false;
    if (this.#isDue) this.poke();
  }

  /** Whether there is more. */
  async #page(): Promise<boolean> {
    const at = this.#now();
    const from = this.#caughtUpAt;
    if (at - from > maxBehindUs && this.#cursor !== undefined) {
      this.#cursor = undefined;
      this.#caughtUpAt = at;
      this.#send([], { from: toIso(from), to: toIso(at) });
    }
    const place = this.#cursor === undefined ? { since: this.#caughtUpAt } : { cursor: this.#cursor };
    const query = { filter: this.#filter, order: 'arrival', limit: pageSize, ...place } as const;
    const { items, next } = await this.#events.search(query);
    this.#cursor = next ?? this.#cursor;
    const isFull = items.length === pageSize;
    if (!isFull) this.#caughtUpAt = at;
    else this.#isDue = true;
    if (items.length > 0) this.#send(items.map(eventJson), null);
    return isFull;
  }

  #send(items: readonly object[], skipped: { readonly from: string; readonly to: string } | null): void {
    this.#tell(JSON.stringify({ topic: 'events', message: { items, skipped } }));
  }
}
