/** Longest row, as JSON; a longer one is left out and counted. */
const maxRowBytes = 128 * 1024;

/** Gathers rows into parts of bounded size. */
export class PartWriter {
  readonly #head: string;
  readonly #partBytes: number;
  #rows: string[] = [];
  #bytes = 0;
  #totalBytes = 0;
  #full: Buffer | undefined;

  constructor(columns: readonly string[], partBytes: number) {
    this.#head = `{"columns":${JSON.stringify(columns)},"rows":[`;
    this.#partBytes = partBytes - Buffer.byteLength(this.#head) - 2;
  }

  /** False for a row that does not fit what is left of `maxBytes` in all, or is too long by itself. */
  add(row: readonly unknown[], maxBytes: number): boolean {
    const text = JSON.stringify(row, plain);
    const bytes = Buffer.byteLength(text) + 1;
    if (bytes > Math.min(maxRowBytes, this.#partBytes) || this.#totalBytes + bytes > maxBytes) return false;
    if (this.#bytes + bytes > this.#partBytes) this.#full = this.#close();
    this.#rows.push(text);
    this.#bytes += bytes;
    this.#totalBytes += bytes;
    return true;
  }

  /** The part that was closed because the last row did not fit any more. */
  takeFull(): Buffer | undefined {
    const full = this.#full;
    this.#full = undefined;
    return full;
  }

  takeRest(): Buffer | undefined {
    return this.#rows.length === 0 ? undefined : this.#close();
  }

  #close(): Buffer {
    const part = Buffer.from(`${this.#head}${this.#rows.join()}]}`);
    this.#rows = [];
    this.#bytes = 0;
    return part;
  }
}

/** What JSON has no value for: blobs become hex, infinities null, as JSON has it. */
function plain(_: string, value: unknown): unknown {
  if (typeof value === 'object' && value !== null && 'type' in value && 'data' in value)
    return Buffer.from(value.data as number[]).toString('hex');
  return typeof value === 'bigint' ? Number(value) : value;
}
