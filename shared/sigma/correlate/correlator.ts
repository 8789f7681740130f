import type { CompiledCorrelation } from '../compile/correlation.ts';
import type { CorrelationRule } from '../document.ts';
import { correlationBounds } from './bounds.ts';
import { type ByteReader, type ByteWriter, SnapshotDamage } from './bytes.ts';
import type { CorrelationEvent, CorrelationStats, Firing } from './contract.ts';
import type { Budget } from './memory/budget.ts';
import { idOf } from './memory/event-ring.ts';
import { GroupTable } from './memory/group-table.ts';
import { KeyBuffer } from './memory/key-buffer.ts';
import { Sources } from './memory/sources.ts';
import { windowKindOf } from './windows/registry.ts';
import type { Hit, Seen, Window } from './windows/window.ts';

/** An episode is cut at multiples of this many timespans, so that history of bounded length rebuilds it. */
const episodeSpans = 10;
/** A group in which nothing has come for this many timespans is forgotten. */
const idleSpans = 3;
/** Idle groups forgotten per event, so that one event with a time far ahead does not empty the table. */
const expiriesPerEvent = 2;

/** The fields to read of events of one rule referred to, aliases resolved. */
interface Names {
  readonly groupBy: readonly string[];
  readonly counted: readonly string[];
}

/** State of one correlation: the windows of all its groups. */
export class Correlator {
  readonly correlation: CompiledCorrelation;
  readonly #rule: CorrelationRule;
  readonly #names: readonly Names[];
  readonly #groups: GroupTable;
  readonly #sources: Sources;
  readonly #window: Window;
  readonly #keyBound: number;
  readonly #key: KeyBuffer;
  readonly #seen: Seen;
  readonly #counts = { fed: 0, fired: 0, evicted: 0, expired: 0, unusable: 0, tooLate: 0, dropped: 0 };

  constructor(correlation: CompiledCorrelation, budget: Budget, keyBound: number = correlationBounds.keys) {
    const { rule } = correlation;
    this.correlation = correlation;
    this.#rule = rule;
    this.#keyBound = keyBound;
    this.#names = correlation.refers.map((_, reference) => ({
      groupBy: rule.groupBy.map((name) => correlation.fieldOf(reference, name)),
      counted: rule.fields.map((name) => correlation.fieldOf(reference, name)),
    }));
    const kind = windowKindOf(rule);
    this.#groups = new GroupTable(kind.groupDoubles, budget);
    this.#sources = new Sources(budget);
    const context = { correlation, budget, counts: this.#counts };
    this.#window = kind.make({ ...context, groups: this.#groups, sources: this.#sources });
    this.#key = new KeyBuffer(rule.groupBy.length);
    const value = new KeyBuffer(rule.fields.length);
    this.#seen = { time: 0, source: '', index: 0, reference: 0, number: 0, value };
  }

  /** Microseconds of history that rebuild the state. */
  get lookbackUs(): number {
    return (episodeSpans + idleSpans) * this.#rule.timespanUs;
  }

  get stats(): CorrelationStats {
    const { id, title } = this.#rule;
    const bytes = this.#groups.bytes + this.#sources.bytes + this.#window.bytes;
    return { id, title, groups: this.#groups.size, bytes, ...this.#counts };
  }

  /** Takes an event of the rule referred to by that number; gives a firing when its group meets the condition. */
  feed(reference: number, event: CorrelationEvent): Firing | null {
    this.#counts.fed++;
    const names = this.#names[reference]!;
    if (!this.#readValue(names.counted, event)) {
      this.#counts.unusable++;
      return null;
    }
    this.#key.clear();
    for (const name of names.groupBy) this.#key.add(event.field(name));
    const { time, source, index } = event;
    const group = this.#groupOf(time);
    const newestAt = this.#groups.newestAt(group);
    const seen = this.#seen;
    seen.time = time;
    seen.source = source;
    seen.index = index;
    seen.reference = reference;
    const hit = this.#window.add(group, seen, newestAt);
    if (time > newestAt) this.#groups.setNewestAt(group, time);
    return hit === null ? null : this.#fire(group, hit, reference, event);
  }

  /** Whether the event has what is counted or reckoned with. Of several fields all must be there. */
  #readValue(counted: readonly string[], event: CorrelationEvent): boolean {
    if (counted.length === 0) return true;
    const { value } = this.#seen;
    value.clear();
    for (const name of counted) {
      const text = event.field(name);
      if (text === null) return false;
      value.add(text);
      if (this.#rule.type === 'value_count') continue;
      this.#seen.number = text.trim() === '' ? Number.NaN : Number(text);
      if (!Number.isFinite(this.#seen.number)) return false;
    }
    return true;
  }

  #fire(group: number, hit: Hit, reference: number, event: CorrelationEvent): Firing {
    this.#counts.fired++;
    const span = this.#rule.timespanUs;
    const before = this.#groups.episodeOf(group);
    const cut = Math.floor(hit.lastAt / (episodeSpans * span)) * episodeSpans * span;
    const goesOn = hit.lastAt - before.firedAt <= span && before.firedAt >= cut;
    const episodeAt = goesOn ? before.episodeAt : Math.max(hit.firstAt, cut);
    this.#groups.setEpisode(group, episodeAt, Math.max(before.firedAt, hit.lastAt));
    return {
      correlation: this.correlation,
      reference,
      groupValues: this.#names[reference]!.groupBy.map((name) => event.field(name)),
      value: hit.value,
      events: hit.events,
      firstAt: goesOn ? event.time : hit.firstAt,
      lastAt: hit.lastAt,
      eventIds: goesOn ? [idOf(event.source, event.index)] : hit.eventIds(),
      episodeAt,
      isNew: !goesOn,
      event,
    };
  }

  /** The group of the key, as the youngest; idle and surplus ones leave at the old end. */
  #groupOf(time: number): number {
    let group = this.#groups.find(this.#key);
    if (group >= 0) this.#groups.touch(group);
    this.#makeRoom(group);
    if (group < 0) {
      if (this.#groups.size >= this.#keyBound) this.#evict();
      group = this.#groups.add(this.#key);
    }
    this.#expire(group, time - idleSpans * this.#rule.timespanUs);
    return group;
  }

  /** Evicts until an event of the group can be kept; of a group that is not there where -1. */
  #makeRoom(group: number): void {
    while (!this.#hasRoom(group < 0) && this.#groups.size > 0 && this.#groups.oldest !== group) this.#evict();
  }

  #hasRoom(isNew: boolean): boolean {
    return (!isNew || this.#groups.hasRoom()) && this.#window.hasRoom() && this.#sources.hasRoom();
  }

  #evict(): void {
    this.#forget(this.#groups.oldest);
    this.#counts.evicted++;
  }

  #expire(kept: number, idleBefore: number): void {
    for (let i = 0; i < expiriesPerEvent; i++) {
      const { oldest } = this.#groups;
      if (oldest === kept || this.#groups.newestAt(oldest) >= idleBefore) return;
      this.#forget(oldest);
      this.#counts.expired++;
    }
  }

  #forget(group: number): void {
    this.#window.clear(group);
    this.#groups.remove(group);
  }

  /** Writes the state, groups in order of when they were touched. */
  write(out: ByteWriter): void {
    const sources = this.#sources.live();
    out.count(sources.length);
    for (const [slot, text] of sources) {
      out.count(slot);
      out.text(text);
    }
    this.#window.writeShared(out);
    out.count(this.#groups.size);
    for (let group = this.#groups.oldest; group >= 0 && !out.isOver; group = this.#groups.younger(group)) {
      const { bytes, isWide } = this.#groups.keyOf(group);
      const { episodeAt, firedAt } = this.#groups.episodeOf(group);
      const hasFired = Number.isFinite(firedAt);
      out.count((isWide ? 1 : 0) + (hasFired ? 2 : 0));
      out.bytes(bytes);
      out.double(this.#groups.newestAt(group));
      if (hasFired) out.double(episodeAt);
      if (hasFired) out.double(firedAt);
      this.#window.write(group, out);
    }
  }

  /** Takes up what `write` wrote, when fresh. Throws SnapshotDamage. */
  read(from: ByteReader): void {
    const sources = new Map<number, string>();
    for (let left = from.count(); left > 0; left--) sources.set(from.count(), from.text());
    const sourceOf = (written: number) => {
      const text = sources.get(written);
      if (text === undefined) throw new SnapshotDamage('a source is missing');
      return text;
    };
    this.#window.readShared(from);
    for (let left = from.count(); left > 0; left--) this.#readGroup(from, sourceOf);
    this.#window.endRead();
  }

  #readGroup(from: ByteReader, sourceOf: (written: number) => string): void {
    const flags = from.count();
    this.#key.load(from.bytes(), (flags & 1) === 1);
    this.#makeRoom(-1);
    if (this.#groups.size >= this.#keyBound) this.#evict();
    if (this.#groups.find(this.#key) >= 0) throw new SnapshotDamage('a group stands twice');
    const group = this.#groups.add(this.#key);
    this.#groups.setNewestAt(group, from.double());
    if ((flags & 2) === 2) {
      const episodeAt = from.double();
      this.#groups.setEpisode(group, episodeAt, from.double());
    }
    this.#window.read(group, from, sourceOf);
  }
}
