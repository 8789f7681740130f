import { type EpisodeBounds, isOneEpisode, type Span, usualEpisodes } from './episode.ts';

interface Raised extends Span {
  readonly id: string;
  readonly key?: string;
}

/** Alerts in memory, found again as the control database finds them as long as nobody closes one. */
export class EpisodeBook<T extends Span> {
  readonly #byId = new Map<string, T>();
  readonly #byKey = new Map<string, T[]>();
  readonly #bounds: EpisodeBounds;

  constructor(bounds: EpisodeBounds = usualEpisodes) {
    this.#bounds = bounds;
  }

  get byId(): ReadonlyMap<string, T> {
    return this.#byId;
  }

  /** The alert that goes on with this one; undefined where this one begins another. */
  goingOn({ id, key, firstEventAt, lastEventAt }: Raised): T | undefined {
    const known = this.#byId.get(id);
    if (known !== undefined || key === undefined) return known;
    const span = { firstEventAt, lastEventAt };
    let first: T | undefined;
    for (const one of this.#byKey.get(key) ?? [])
      if (
        isOneEpisode(one, span, this.#bounds) &&
        (first === undefined || one.firstEventAt < first.firstEventAt)
      )
        first = one;
    return first;
  }

  add({ id, key }: Pick<Raised, 'id' | 'key'>, alert: T): void {
    this.#byId.set(id, alert);
    if (key === undefined) return;
    const ofKey = this.#byKey.get(key);
    if (ofKey === undefined) this.#byKey.set(key, [alert]);
    else ofKey.push(alert);
  }
}
