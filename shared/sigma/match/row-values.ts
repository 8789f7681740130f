import type { Column, ColumnarEvents } from '../../schema/columns.ts';
import { Value } from '../value.ts';
import { numberText } from './column-hits.ts';

interface Opened {
  readonly column: Column;
  /** Of text columns, in the order of the dictionary and counted from 1; made when asked for. */
  readonly values: (readonly [Value] | undefined)[];
}

const none: readonly Value[] = [];

/** The values of a batch, made once however often they are asked for. */
export class RowValues {
  #events: ColumnarEvents | null = null;
  readonly #opened = new Map<string, Opened | null>();

  /** The batch asked about from now on; null holds none. */
  open(events: ColumnarEvents | null): void {
    this.#events = events;
    this.#opened.clear();
  }

  /** The values of a column in a row: none when absent, several for lists. */
  at(name: string, row: number): readonly Value[] {
    const opened = this.#open(name);
    if (opened === null) return none;
    const { column } = opened;
    switch (column.kind) {
      case 'string': {
        const k = column.index[row]!;
        return k === 0 ? none : this.#entry(opened, column.dictionary, k);
      }
      case 'list': {
        const values: Value[] = [];
        for (let i = column.offsets[row]!; i < column.offsets[row + 1]!; i++)
          values.push(...this.#entry(opened, column.dictionary, column.index[i]!));
        return values;
      }
      case 'number': {
        if (column.present !== null && column.present[row] !== 1) return none;
        const text = numberText(column.values[row]!);
        return [new Value(text)];
      }
      case 'bool': {
        const text = ['', 'false', 'true'][column.values[row]!]!;
        return text === '' ? none : [new Value(text)];
      }
    }
  }

  /** Whether a row has the field, be it without a value. */
  has(name: string, row: number): boolean {
    const opened = this.#open(name);
    if (opened?.column.kind === 'list') return opened.column.present[row] === 1;
    return this.at(name, row).length > 0;
  }

  #open(name: string): Opened | null {
    let opened = this.#opened.get(name);
    if (opened !== undefined) return opened;
    const column = this.#events?.columns.get(name);
    opened = column === undefined ? null : { column, values: [] };
    this.#opened.set(name, opened);
    return opened;
  }

  #entry({ values }: Opened, dictionary: readonly string[], k: number): readonly [Value] {
    let entry = values[k];
    if (entry === undefined) {
      entry = [new Value(dictionary[k - 1]!)];
      values[k] = entry;
    }
    return entry;
  }
}
