/** How far a hunt is, on stderr where that is a terminal; wiped away at the end. */
export class Progress {
  readonly #isShown = process.stderr.isTTY === true;
  readonly #startedAt = Date.now();
  #hasLine = false;

  show(percent: number | undefined, rows: number): void {
    if (!this.#isShown) return;
    const seconds = Math.round((Date.now() - this.#startedAt) / 1000);
    const share = percent === undefined ? '' : `${Math.floor(percent)} % `;
    process.stderr.write(`\r\u001b[K${share}${rows > 0 ? `${rows} rows ` : ''}${seconds} s`);
    this.#hasLine = true;
  }

  wipe(): void {
    if (this.#hasLine) process.stderr.write('\r\u001b[K');
    this.#hasLine = false;
  }
}
