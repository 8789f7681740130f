import { rmSync } from 'node:fs';
import type { Detector } from '#shared/detect/contract.ts';
import { readBytes, writeText } from '#shared/files.ts';

/** Least time between two writings: what a kill can make correlations forget. */
const keepMs = 5000;
/** Writing takes this share of the time at most, however much has been counted. */
const mostShare = 0.01;
/** A state that is larger is not taken up. Memory of correlations here is bounded well below. */
const maxStateBytes = 32 * 1024 * 1024;

/**
 * What the correlations of this host have counted, kept on its disk, so that they go on after a restart. Correlations
 * that say something else by then begin anew, as when a bundle is switched to. Losing it costs no alert: the collector
 * counts the same events.
 */
export class CorrelationState {
  readonly #path: string;
  readonly #detector: () => Detector | undefined;
  readonly #onError: (error: Error) => void;
  #timer: NodeJS.Timeout | undefined;
  /** What was written last: of which detector, and at which revision. */
  #kept: { readonly detector: Detector; readonly revision: number } | undefined;

  /** `detector` gives the one in force. */
  constructor(path: string, detector: () => Detector | undefined, onError: (error: Error) => void) {
    this.#path = path;
    this.#detector = detector;
    this.#onError = onError;
  }

  /** Gives the rules in force what was kept, and keeps it from now on. */
  open(): void {
    this.#restore();
    this.#keepIn(keepMs);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#keep();
  }

  #restore(): void {
    const detector = this.#detector();
    if (detector === undefined) return;
    try {
      const state = readBytes(this.#path);
      if (state === undefined) return;
      const outcome =
        state.length > maxStateBytes
          ? { taken: false, reason: `it has ${state.length} bytes` }
          : detector.restore(state);
      if (!('reason' in outcome)) return;
      this.#onError(new Error(`what correlations had counted is not taken up, ${outcome.reason}`));
      rmSync(this.#path, { force: true });
    } catch (error) {
      this.#onError(error as Error);
    }
  }

  #keepIn(ms: number): void {
    this.#timer = setTimeout(() => this.#keepIn(Math.max(keepMs, this.#keep() / mostShare)), ms);
    this.#timer.unref();
  }

  /** Gives the milliseconds it took. */
  #keep(): number {
    const detector = this.#detector();
    if (detector === undefined) return 0;
    const { revision } = detector;
    if (this.#kept?.detector === detector && this.#kept.revision === revision) return 0;
    const began = performance.now();
    try {
      const state = detector.snapshot();
      if (state === null) rmSync(this.#path, { force: true });
      else writeText(this.#path, state);
      this.#kept = { detector, revision };
    } catch (error) {
      this.#onError(error as Error);
    }
    return performance.now() - began;
  }
}
