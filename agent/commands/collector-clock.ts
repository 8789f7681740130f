/**
 * The collector's clock, as far as this side can know it: the last time it told (in its hello and every ping), and how
 * long ago that was by a clock that nobody sets. Behind the collector's by the time that frame was on its way, never
 * ahead; neither the time of day of this host nor a change of it matters.
 */
export class CollectorClock {
  #toldUs: number | undefined;
  #atMs = 0;

  /** The collector said it is `timeUs`, microseconds since the epoch. */
  note(timeUs: number): void {
    this.#toldUs = timeUs;
    this.#atMs = performance.now();
  }

  /** Microseconds since the epoch; undefined before the collector told any. */
  now(): number | undefined {
    if (this.#toldUs === undefined) return undefined;
    return this.#toldUs + Math.round((performance.now() - this.#atMs) * 1000);
  }
}
