import { valueAt } from '../schema/columns.ts';
import type { MatchedTest, RuleHeader } from '../sigma/index.ts';
import { alertId, type Evidence, newAlert } from './alert.ts';
import { entityAt, entityText } from './entity.ts';
import { foldBounds, isOneEpisode } from './episode.ts';
import { evidenceBound } from './evidence-list.ts';
import type { Hit } from './hit.ts';
import type { MatchEvent } from './match-event.ts';
import type { Explain } from './pending.ts';
import type { RaisedAlert } from './raised-alert.ts';
import { reasonOf } from './reason.ts';
import { ValueCounts } from './seen-values.ts';

/** The exception that hides a hit; undefined for none. `key` is the one of the alert it would be. */
export type ExceptionOf = (rule: RuleHeader, hit: Hit, key: () => string) => string | undefined;

/** Hits that are one alert, while a batch is gone through. */
interface Fold {
  readonly alert: RaisedAlert;
  readonly seen: ValueCounts;
  readonly firstIds: string[];
  /** The last ids, in turns over the same places. */
  readonly lastIds: string[];
  firstEventAt: number;
  lastEventAt: number;
  count: number;
  /** Ids that went through `lastIds`. */
  ids: number;
}

const half = evidenceBound / 2;

/** Puts the hits of one batch together by rule and entity; only the first hit of an alert is explained. */
export class HitFold {
  readonly #folds = new Map<string, Fold[]>();
  readonly #exceptionOf: ExceptionOf | undefined;

  constructor(exceptionOf: ExceptionOf | undefined) {
    this.#exceptionOf = exceptionOf;
  }

  /** `explain` null: neither the reason nor the event is wanted. */
  add(rule: RuleHeader, event: MatchEvent, explain: Explain | null, now: number): void {
    const hit = event.hit;
    const entity = entityAt(hit.events, hit.row);
    const subject = [ownerOf(hit), entityText(hit.events.type, entity)];
    const exceptionId = this.#exceptionOf?.(rule, hit, () => alertId(rule.id, ...subject));
    const place = `${rule.id}\0${subject.join('\0')}\0${exceptionId ?? ''}`;
    let folds = this.#folds.get(place);
    if (folds === undefined) {
      folds = [];
      this.#folds.set(place, folds);
    }
    const time = hit.events.times[hit.row] as number;
    const span = { firstEventAt: time, lastEventAt: time };
    // Only the last one: what is put together too little here is put together where alerts are kept.
    const last = folds.at(-1);
    if (last !== undefined && isOneEpisode(last, span, foldBounds)) {
      extend(last, event, time);
      return;
    }
    const evidence = event.evidence();
    const alert = alertOfHit(rule, evidence, explain?.() ?? null, {
      ...{ subject, entity, now },
      ...(exceptionId !== undefined && { exceptionId }),
    });
    const seen = new ValueCounts();
    const fold = { alert, seen, firstIds: [], lastIds: [], ...span, count: 0, ids: 0 };
    extend(fold, event, time);
    folds.push(fold);
  }

  /** What the hits came to. */
  *alerts(): Generator<RaisedAlert> {
    for (const folds of this.#folds.values())
      for (const fold of folds) {
        const { alert, seen, firstEventAt, lastEventAt, count } = fold;
        yield { ...alert, firstEventAt, lastEventAt, count, eventIds: idsOf(fold), seen: seen.seen };
      }
  }
}

/** Whose the entity is: the host's, or nobody's where a finding is about several hosts. */
function ownerOf({ hostId, events, row }: Hit): string {
  const column = events.type === 'finding' ? events.columns.get('finding.fleet') : undefined;
  return column !== undefined && valueAt(column, row) === true ? 'fleet' : hostId;
}

/** Ids of stored events: of a finding those that it was made of. */
function evidenceIds(event: MatchEvent): readonly string[] {
  const { events, row } = event.hit;
  const column = events.type === 'finding' ? events.columns.get('finding.event_ids') : undefined;
  const made = column === undefined ? undefined : valueAt(column, row);
  return Array.isArray(made) ? made : [event.eventId];
}

function extend(fold: Fold, event: MatchEvent, time: number): void {
  const { events, row } = event.hit;
  fold.firstEventAt = Math.min(fold.firstEventAt, time);
  fold.lastEventAt = Math.max(fold.lastEventAt, time);
  fold.seen.add(events, row);
  const { firstIds, lastIds } = fold;
  for (const id of evidenceIds(event)) {
    if (firstIds.length < half) firstIds.push(id);
    else lastIds[fold.ids++ % half] = id;
  }
  fold.count++;
}

/** The first and the last, each in the order they came. */
function idsOf({ firstIds, lastIds, ids }: Fold): readonly string[] {
  const at = lastIds.length < half ? 0 : ids % half;
  // Findings of one batch may be made of the same events.
  return [...new Set([...firstIds, ...lastIds.slice(at), ...lastIds.slice(0, at)])];
}

function alertOfHit(
  rule: RuleHeader,
  evidence: Evidence,
  matches: readonly MatchedTest[] | null,
  known: Pick<RaisedAlert, 'subject' | 'entity' | 'exceptionId'> & { readonly now: number },
): RaisedAlert {
  const { time, eventId } = evidence;
  const { subject } = known;
  return newAlert({
    ...known,
    // A finding has no id that lasts: where it stands among others depends on the batch.
    id: alertId(rule.id, ...subject, evidence.events.type === 'finding' ? `at ${time}` : eventId),
    key: alertId(rule.id, ...subject),
    reason: (event) => (matches === null ? '' : reasonOf(rule.title, matches, event)),
    ...{ rule, evidence, matches, firstEventAt: time, lastEventAt: time, count: 1 },
    ...{ eventIds: [eventId], seen: {} },
  });
}
