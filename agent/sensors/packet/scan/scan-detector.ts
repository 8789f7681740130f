import { secondUs } from '../bounds.ts';
import { type ScanEvent, ScanWindow } from './scan-window.ts';

const windowUs = 60 * secondUs;
/** A target that has not answered by then counts as tried in vain. */
const answerUs = 3 * secondUs;
/** As many times more targets make a scan though they accepted. */
const acceptedFactor = 10;
/** Sources watched at once; the oldest goes first. */
const maxSources = 1024;
/** Targets kept over all sources, at about 150 bytes each. */
const maxTargetsInAll = 8192;

/**
 * Finds sources that try many ports or hosts in vain: what is refused or does not answer tells a scan from a busy
 * client. A window of a source begins with its first SYN and lasts a minute.
 */
export class ScanDetector {
  readonly #scanTargets: number;
  readonly #onTold: (event: ScanEvent) => void;
  /** In order of their begin. */
  readonly #windows = new Map<string, ScanWindow>();
  #targets = 0;
  /** Windows given up for want of room before they were over. */
  evicted = 0;

  constructor(scanTargets: number, onTold: (event: ScanEvent) => void) {
    this.#scanTargets = scanTargets;
    this.#onTold = onTold;
  }

  /** Whether a scan of this source was told, so that its targets need not be told one by one. */
  isScanning(source: string): boolean {
    return this.#windows.get(source)?.isTold === true;
  }

  tried(source: string, ip: string, port: number, timeUs: number): void {
    const window = this.#windowOf(source, timeUs);
    const before = window.targets;
    window.tried(ip, port, timeUs);
    this.#targets += window.targets - before;
    if (window.targets >= acceptedFactor * this.#scanTargets) this.#tell(window);
    while (this.#targets > maxTargetsInAll && this.#windows.size > 1) this.#evictOldest();
  }

  settled(source: string, ip: string, port: number, state: 'accepted' | 'refused'): void {
    const window = this.#windows.get(source);
    if (window === undefined) return;
    window.settled(ip, port, state);
    if (window.refused >= this.#scanTargets) this.#tell(window);
  }

  sweep(nowUs: number): void {
    for (const window of this.#windows.values()) {
      if (!window.isTold && window.unsuccessful >= this.#scanTargets) {
        if (window.failedBefore(nowUs - answerUs) >= this.#scanTargets) this.#tell(window);
      }
      if (nowUs - window.startUs >= windowUs) this.#close(window);
    }
  }

  close(): void {
    for (const window of this.#windows.values()) {
      if (window.failedBefore(Number.POSITIVE_INFINITY) >= this.#scanTargets) this.#tell(window);
      this.#close(window);
    }
  }

  #windowOf(source: string, timeUs: number): ScanWindow {
    const known = this.#windows.get(source);
    if (known !== undefined && timeUs - known.startUs < windowUs) return known;
    if (known !== undefined) this.#close(known);
    if (this.#windows.size >= maxSources) this.#evictOldest();
    const window = new ScanWindow(source, timeUs);
    this.#windows.set(source, window);
    return window;
  }

  #tell(window: ScanWindow): void {
    if (window.isTold) return;
    window.isTold = true;
    this.#onTold(window.event('began'));
  }

  #close(window: ScanWindow): void {
    this.#windows.delete(window.source);
    this.#targets -= window.targets;
    if (window.isTold) this.#onTold(window.event('window-ended'));
  }

  #evictOldest(): void {
    const [oldest] = this.#windows.values();
    if (oldest === undefined) return;
    this.evicted++;
    this.#close(oldest);
  }
}
