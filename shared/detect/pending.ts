import type { CompiledRule, MatchedTest } from '../sigma/index.ts';
import type { MatchEvent } from './match-event.ts';

export type Explain = () => readonly MatchedTest[];

/** Matches of one batch that wait to be fed to correlations in order of time. */
export class PendingMatches {
  readonly #rules: CompiledRule[] = [];
  readonly #events: MatchEvent[] = [];
  readonly #rows: number[] = [];
  readonly #times: number[] = [];
  readonly #explains: Explain[] = [];
  #isOrdered = true;

  add(rule: CompiledRule, event: MatchEvent, row: number, explain: Explain): void {
    const time = event.at(row).time;
    const last = this.#times.length - 1;
    if (last >= 0 && time < this.#times[last]!) this.#isOrdered = false;
    this.#rules.push(rule);
    this.#events.push(event);
    this.#rows.push(row);
    this.#times.push(time);
    this.#explains.push(explain);
  }

  /** Gives them in order of time, those of one time in the order they came. */
  forEach(take: (rule: CompiledRule, event: MatchEvent, explain: Explain) => void): void {
    const order = this.#isOrdered ? null : this.#sorted();
    for (let i = 0; i < this.#rules.length; i++) {
      const at = order === null ? i : order[i]!;
      take(this.#rules[at]!, this.#events[at]!.at(this.#rows[at]!), this.#explains[at]!);
    }
  }

  #sorted(): Uint32Array {
    const times = this.#times;
    return Uint32Array.from(times.keys()).sort((a, b) => times[a]! - times[b]! || a - b);
  }
}
