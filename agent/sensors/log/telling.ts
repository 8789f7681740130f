import { nowUs } from '#shared/clock.ts';
import type { Emit } from '../sensor.ts';
import { type LogLine, lineEvent } from './line.ts';

/** Makes events of lines, and one `loss` event a look of those that were passed over. */
export class LineTelling {
  #emit: Emit = () => {};
  #untold = 0;
  #from = 0;
  /** Lines lost since it was made. */
  lost = 0;

  to(emit: Emit): void {
    this.#emit = emit;
  }

  readonly onLine = (line: LogLine): void => this.#emit(lineEvent(line));

  readonly onLost = (_source: string, lines: number): void => {
    if (this.#untold === 0) this.#from = nowUs();
    this.#untold += lines;
    this.lost += lines;
  };

  tellLosses(): void {
    if (this.#untold === 0) return;
    const time = nowUs();
    this.#emit({
      type: 'loss',
      time,
      'loss.count': this.#untold,
      'loss.reason': 'sensor-overrun',
      'loss.types': [`log.line=${this.#untold}`],
      'loss.sensor': 'log',
      'loss.from': this.#from,
      'loss.to': time,
    });
    this.#untold = 0;
  }
}
