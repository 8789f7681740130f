/** Events sealed as the collector does, with our own writer, and SQL over them by a real DuckDB. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance, type DuckDBValue } from '@duckdb/node-api';
import { eventSpecs } from '#shared/events/registry.gen.ts';
import { decodeBatch } from '#shared/protocol/codec/decode.ts';
import type { ColumnarEvents } from '#shared/schema/columns.ts';
import type { EventSpec } from '#shared/schema/spec.ts';
import type { EventSql, SqlRows, SqlValue } from '../../../collector/store/contract.ts';
import { columnsOf } from '../../../collector/store/segments/layout.ts';
import { type ColumnForm, gather, ParquetFile } from '../../../collector/store/segments/parquet/file.ts';
import type { Gathered } from '../../../collector/store/segments/parquet/gathered.ts';

export interface SealableBatch {
  readonly hostId: string;
  readonly stream: string;
  readonly sequence: number;
  readonly receivedAt: number;
  readonly data: Uint8Array;
}

interface Part {
  readonly batch: SealableBatch;
  readonly offset: number;
  readonly events: ColumnarEvents;
}

type Add = { add(at: number, count: number, column: unknown): void };

function fill(column: Gathered, name: string, at: number, { batch, offset, events }: Part): void {
  const { count, times } = events;
  const number = column.kind === 'number' ? column : undefined;
  const string = column.kind === 'string' ? column : undefined;
  if (name === 'time') number?.add(at, count, { kind: 'number', values: times, present: null });
  else if (name === 'event.ingested') number?.addOne(at, count, batch.receivedAt);
  else if (name === 'host.id') string?.addOne(at, count, batch.hostId);
  else if (name === 'event.stream') string?.addOne(at, count, batch.stream);
  else if (name === 'event.sequence') number?.addOne(at, count, batch.sequence);
  else if (name === 'event.index') number?.addCount(at, count, offset);
  else {
    const from = events.columns.get(name);
    if (from !== undefined) (column as unknown as Add).add(at, count, from);
  }
}

/** The batches as Parquet files, one for each type. */
export function encodeKept(batches: readonly SealableBatch[]) {
  const byType = new Map<string, Part[]>();
  for (const batch of batches) {
    const decoded = decodeBatch(batch.data);
    if (!decoded.ok) throw decoded.error;
    for (const { offset, events } of decoded.value.groups) {
      byType.set(events.type, [...(byType.get(events.type) ?? []), { batch, offset, events }]);
    }
  }
  return [...byType].map(([type, parts]) => {
    const columns = columnsOf(specs.find(({ name }) => name === type) as EventSpec);
    const count = parts.reduce((sum, { events }) => sum + events.count, 0);
    const file = new ParquetFile(columns);
    const gathered = columns.map(({ name, form }) => {
      const column = gather(form, count);
      let at = 0;
      for (const part of parts) {
        fill(column, name, at, part);
        at += part.events.count;
      }
      return column;
    });
    const order = Uint32Array.from({ length: count }, (_, i) => i);
    const times = parts.flatMap(({ events }) => [...events.times]);
    return {
      type,
      minTime: Math.min(...times),
      maxTime: Math.max(...times),
      bytes: Buffer.concat([...file.rowGroup(gathered, order), ...file.finish({})]),
    };
  });
}

const sqlTypes: Readonly<Record<ColumnForm, string>> = {
  string: 'VARCHAR',
  int: 'BIGINT',
  time: 'TIMESTAMP',
  float: 'DOUBLE',
  bool: 'BOOLEAN',
  strings: 'VARCHAR[]',
};
const specs: readonly EventSpec[] = Object.values(eventSpecs);

function plain(value: DuckDBValue): SqlValue {
  if (typeof value !== 'object' || value === null) return value;
  if ('micros' in value) return Number(value.micros);
  if ('items' in value) return [...value.items].map((item) => plain(item as DuckDBValue));
  throw new Error(`A value of this kind was not expected: ${String(value)}`);
}

/** Batches sealed into Parquet files of a folder, and SQL over them. */
export class SealedEvents implements EventSql {
  readonly #folder: string;
  readonly #connection: Awaited<ReturnType<DuckDBInstance['connect']>>;
  readonly #paths = new Map<string, string[]>();
  #files = 0;
  minTime = Number.POSITIVE_INFINITY;
  maxTime = Number.NEGATIVE_INFINITY;
  /** Statements that were asked. */
  asked = 0;

  private constructor(folder: string, connection: Awaited<ReturnType<DuckDBInstance['connect']>>) {
    this.#folder = folder;
    this.#connection = connection;
  }

  static async open(folder: string): Promise<SealedEvents> {
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
    const sealed = new SealedEvents(folder, await instance.connect());
    await sealed.#views(specs);
    return sealed;
  }

  get span(): { minTime: number; maxTime: number } | undefined {
    return this.minTime > this.maxTime ? undefined : { minTime: this.minTime, maxTime: this.maxTime };
  }

  async seal(batches: readonly SealableBatch[]): Promise<void> {
    const files = encodeKept(batches);
    for (const { type, minTime, maxTime, bytes } of files) {
      this.minTime = Math.min(this.minTime, minTime);
      this.maxTime = Math.max(this.maxTime, maxTime);
      const path = join(this.#folder, `${this.#files++}.parquet`);
      writeFileSync(path, bytes);
      this.#paths.set(type, [...(this.#paths.get(type) ?? []), path]);
    }
    await this.#views(specs.filter(({ name }) => files.some(({ type }) => type === name)));
  }

  /** As if nothing had been sealed. */
  async clear(): Promise<void> {
    const types = [...this.#paths.keys()];
    this.#paths.clear();
    await this.#views(specs.filter(({ name }) => types.includes(name)));
    [this.minTime, this.maxTime] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  }

  async #views(of: readonly EventSpec[]): Promise<void> {
    const statements = of.map((spec) => `CREATE OR REPLACE VIEW "${spec.name}" AS ${this.#body(spec)}`);
    if (statements.length > 0) await this.#connection.run(statements.join(';\n'));
  }

  #body(spec: EventSpec): string {
    const paths = this.#paths.get(spec.name);
    if (paths !== undefined)
      return `SELECT * FROM read_parquet([${paths.map((path) => `'${path}'`).join(', ')}])`;
    const empty = columnsOf(spec).map(({ name, form }) => `NULL::${sqlTypes[form]} AS "${name}"`);
    return `SELECT ${empty.join(', ')} WHERE false`;
  }

  async query(sql: string, values: readonly SqlValue[] = []): Promise<SqlRows> {
    this.asked++;
    const statement = await this.#connection.prepare(sql);
    statement.bind([...values] as DuckDBValue[]);
    const found = await statement.runAndReadAll();
    const types = found.columnTypes();
    return {
      columns: found.columnNames().map((name, i) => ({ name, type: String(types[i]) })),
      rows: found.getRows().map((row) => row.map(plain)),
      isCut: false,
    };
  }

  close(): void {
    this.#connection.closeSync();
  }
}
