import type { Alert } from '../store/contract.ts';

export interface RaisedAlertMessage {
  readonly alert: Alert;
  readonly isNew: boolean;
}

/** How often one alert that goes on is told of again. */
const usualMs = 1000;
/** Alerts that wait to be told of; beyond it all of them are told at once. */
const maxWaiting = 1000;

/** Tells of new alerts at once and of those that go on at a bounded rate, each as it last stood. */
export class AlertUpdates {
  readonly #tell: (message: RaisedAlertMessage) => void;
  readonly #everyMs: number;
  readonly #waiting = new Map<string, Alert>();
  #timer: NodeJS.Timeout | undefined;
  /** Messages that a later one took the place of. */
  merged = 0;

  constructor(tell: (message: RaisedAlertMessage) => void, everyMs = usualMs) {
    this.#tell = tell;
    this.#everyMs = everyMs;
  }

  add({ alert, isNew }: RaisedAlertMessage): void {
    if (isNew) {
      this.#tell({ alert, isNew });
      return;
    }
    if (this.#waiting.has(alert.id)) this.merged++;
    this.#waiting.set(alert.id, alert);
    if (this.#waiting.size >= maxWaiting) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), this.#everyMs);
  }

  close(): void {
    this.#flush();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const alert of waiting) this.#tell({ alert, isNew: false });
  }
}
