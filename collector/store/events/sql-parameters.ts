import type { SqlValue } from '../contract.ts';

/** The values of a statement that is being written, and their places in it. */
export class SqlParameters {
  readonly values: SqlValue[] = [];

  /** The place of a value, e.g. `$3`. */
  add(value: SqlValue): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }

  /** An instant, of microseconds since the epoch. */
  addInstant(at: number): string {
    return `make_timestamp(${this.add(BigInt(at))}::BIGINT)`;
  }
}

/** An identifier, whatever is in it. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
