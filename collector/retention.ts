/**
 * How long events are kept: as configured, or as somebody set it since. Shorter retention deletes evidence, so it takes
 * force only when whoever sets it names how many events may go.
 */
import { VedetteError } from '#shared/errors.ts';
import { eventSpecs } from '#shared/events/registry.gen.ts';
import type { NewAuditEntry, Outdated, RetentionSetting, RetentionSettingStore } from './store/contract.ts';
import type { Retention } from './store/segments/retention.ts';

/** What somebody may set; null leaves it to the configuration. */
export type RetentionChange = Pick<RetentionSetting, keyof Retention>;
export type RetentionOrigin = 'set' | 'configured' | 'default';

export interface RetentionState {
  readonly inForce: Retention;
  readonly from: Readonly<Record<keyof Retention, RetentionOrigin>>;
  /** Of what holds where nothing is set. */
  readonly configured: Retention;
  /** Microseconds; null while nothing was set. */
  readonly changedAt: number | null;
  readonly changedBy: string | null;
  /** What goes at the next look. */
  readonly goes: Outdated;
}

export interface RetentionPreview {
  readonly inForce: Retention;
  /** Something would be kept for less long, or in less room. */
  readonly isShorter: boolean;
  readonly goes: Outdated;
}

export interface RetentionDeps {
  readonly store: RetentionSettingStore;
  readonly configured: Retention;
  /** What of it somebody wrote into the configuration. */
  readonly written: ReadonlySet<keyof Retention>;
  readonly outdated: (retention: Retention) => Promise<Outdated>;
  readonly apply: (retention: Retention) => void;
  readonly now: () => number;
}

const names = ['days', 'daysByType', 'maxBytes'] as const;
const bound = (value: number) => (value === 0 ? Number.POSITIVE_INFINITY : value);

/** Whether `next` keeps any event for less long than `before`, or all of them in less room. */
export function isShorter(before: Retention, next: Retention): boolean {
  const kept = ({ days, daysByType }: Retention, type: string) => bound(daysByType[type] ?? days);
  return (
    bound(next.maxBytes) < bound(before.maxBytes) ||
    Object.keys(eventSpecs).some((type) => kept(next, type) < kept(before, type))
  );
}

export class RetentionSettings {
  readonly #deps: RetentionDeps;
  #set: RetentionSetting | undefined;
  #changing: Promise<unknown> = Promise.resolve();

  private constructor(deps: RetentionDeps, set: RetentionSetting | undefined) {
    this.#deps = deps;
    this.#set = set;
  }

  static async open(deps: RetentionDeps): Promise<RetentionSettings> {
    return new RetentionSettings(deps, await deps.store.get());
  }

  get inForce(): Retention {
    return this.#with(this.#set);
  }

  #with(change: RetentionChange | undefined): Retention {
    const { configured } = this.#deps;
    return {
      days: change?.days ?? configured.days,
      daysByType: change?.daysByType ?? configured.daysByType,
      maxBytes: change?.maxBytes ?? configured.maxBytes,
    };
  }

  async state(): Promise<RetentionState> {
    const { configured, written } = this.#deps;
    const originOf = (name: keyof Retention): RetentionOrigin => {
      if (this.#set?.[name] != null) return 'set';
      return written.has(name) ? 'configured' : 'default';
    };
    const { inForce } = this;
    return {
      ...{ inForce, configured },
      from: { days: originOf('days'), daysByType: originOf('daysByType'), maxBytes: originOf('maxBytes') },
      changedAt: this.#set?.changedAt ?? null,
      changedBy: this.#set?.changedBy ?? null,
      goes: await this.#deps.outdated(inForce),
    };
  }

  /** What a change would come to, with nothing changed. Throws `api.invalid`. */
  async preview(change: RetentionChange): Promise<RetentionPreview> {
    checkTypes(change);
    const inForce = this.#with(change);
    const goes = await this.#deps.outdated(inForce);
    return { inForce, isShorter: isShorter(this.inForce, inForce), goes };
  }

  /**
   * Sets it; the sealer takes it up at once. `mayDeleteEvents` is how many events may go at its next look. Throws
   * `retention.unconfirmed` where it is shorter than before and that is not said, or more would go; `api.invalid`.
   */
  set(change: RetentionChange, mayDeleteEvents: number | undefined, by: string, credential: string) {
    const changing = this.#changing.then(() => this.#change(change, mayDeleteEvents, by, credential));
    this.#changing = changing.catch(() => undefined);
    return changing;
  }

  async #change(change: RetentionChange, mayDelete: number | undefined, by: string, credential: string) {
    const { inForce, goes, isShorter } = await this.preview(change);
    if (isShorter && (mayDelete === undefined || goes.events > mayDelete))
      throw new VedetteError(
        'retention.unconfirmed',
        `${goes.events} events in ${goes.segments} segments would go at once${mayDelete === undefined ? '' : `, more than ${mayDelete}`}.`,
      );
    const { store, apply, now } = this.#deps;
    const at = now();
    const detail = {
      ...words('before', this.inForce),
      ...words('after', inForce),
      ...{ events: goes.events, segments: goes.segments, sizeBytes: goes.sizeBytes, credential },
    };
    const entry: NewAuditEntry = {
      ...{ at, actor: by, action: 'retention.set', target: 'settings retention', detail },
    };
    const { days, daysByType, maxBytes } = change;
    const next = { days, daysByType, maxBytes, changedAt: at, changedBy: by };
    await store.set(next, entry);
    this.#set = next;
    apply(inForce);
    return await this.state();
  }
}

function words(when: string, { days, daysByType, maxBytes }: Retention) {
  const types = Object.entries(daysByType).map(([type, kept]) => `${type}=${kept}`);
  return { [`${when}Days`]: days, [`${when}DaysByType`]: types.join(' '), [`${when}MaxBytes`]: maxBytes };
}

function checkTypes({ daysByType }: RetentionChange): void {
  const stray = Object.keys(daysByType ?? {}).find((type) => !Object.hasOwn(eventSpecs, type));
  if (stray !== undefined) throw new VedetteError('api.invalid', `There is no event type ${stray}.`);
}

/** Which settings of retention somebody wrote into the configuration. */
export function writtenRetention(given: Readonly<Record<string, unknown>>): ReadonlySet<keyof Retention> {
  const settings = { days: 'retentionDays', daysByType: 'retentionByType', maxBytes: 'retentionMaxBytes' };
  return new Set(names.filter((name) => given[settings[name]] !== undefined));
}
