import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';

/** How far a stream went: its last batch, and the last that was acknowledged, each with the events collected up to it. */
export interface Mark {
  sequence: number;
  collected: number;
  ackedSequence: number;
  ackedCollected: number;
}

function isMark(value: unknown): value is [string, number, number, number, number] {
  return (
    Array.isArray(value) &&
    value.length === 5 &&
    typeof value[0] === 'string' &&
    value.slice(1).every((n) => Number.isSafeInteger(n) && n >= 0)
  );
}

/**
 * The marks of all streams, in a file of their own beside the outbox: should that be damaged, they tell what it held.
 * As of the last `save`, which does not wait for the disk.
 */
export class MarksFile {
  readonly #path: string;
  #fd: number | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Empty when there is no such file, or it cannot be made sense of. */
  load(): Map<string, Mark> {
    const marks = new Map<string, Mark>();
    let rows: unknown;
    try {
      rows = JSON.parse(readFileSync(this.#path, 'utf8'));
    } catch {
      return marks;
    }
    for (const row of Array.isArray(rows) ? rows.filter(isMark) : []) {
      const [stream, sequence, collected, ackedSequence, ackedCollected] = row;
      marks.set(stream, { sequence, collected, ackedSequence, ackedCollected });
    }
    return marks;
  }

  /** Throws what the file system says. */
  save(marks: ReadonlyMap<string, Mark>): void {
    const rows = [...marks].map(([stream, mark]) => [
      stream,
      mark.sequence,
      mark.collected,
      mark.ackedSequence,
      mark.ackedCollected,
    ]);
    const text = Buffer.from(JSON.stringify(rows));
    this.#fd ??= openSync(this.#path, 'a+', 0o600);
    ftruncateSync(this.#fd, 0);
    writeSync(this.#fd, text);
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
    this.#fd = undefined;
  }
}
