/**
 * Columns that hold what happened on hosts are encrypted where there is a key: the matches, reasons, events and
 * entities of alerts, stories, what commands answered, what scheduled hunts found, and the state of detection; with the secrets of second factors. Everything else of the control database is in the clear.
 */
import type { Kysely, KyselyPlugin, UnknownRow } from 'kysely';
import { type KeyRing, noKeyRing } from '../../encryption/key-ring.ts';
import { seal, sealText, textKey, unseal, unsealText } from '../../encryption/sealed.ts';
import type { Tables } from './tables.ts';

const place = 'control';
const sealedColumns = {
  account: ['totp_secret'],
  alert: ['reason', 'matches', 'event', 'entity', 'samples', 'user_name'],
  alert_tree: ['tree'],
  command: ['output'],
  hunt_result: ['rows'],
  hunt_schedule: ['error'],
  story: ['summary'],
} as const;
/** Rows looked at in one transaction when keys change. */
const rowsAtOnce = 200;

export class SealedColumns {
  readonly #ring: KeyRing;

  constructor(ring: KeyRing = noKeyRing) {
    this.#ring = ring;
  }

  /** The row as it is stored. */
  seal<T extends keyof typeof sealedColumns, R extends Partial<Tables[T]>>(table: T, row: R): R {
    const key = this.#ring.current;
    if (key === undefined) return row;
    const changed: Record<string, unknown> = { ...row };
    for (const column of sealedColumns[table]) {
      const value = changed[column];
      if (typeof value === 'string') changed[column] = sealText(value, key, place);
    }
    return changed as R;
  }

  sealBytes(bytes: Uint8Array): Uint8Array {
    return seal(bytes, this.#ring.current, place);
  }

  /** Whatever is sealed in the rows of a result is opened. Queries reject with `encryption.key_missing` or `data.corrupt`. */
  get plugin(): KyselyPlugin {
    return {
      transformQuery: ({ node }) => node,
      transformResult: async ({ result }) => {
        for (const row of result.rows) this.#open(row);
        return result;
      },
    };
  }

  #open(row: UnknownRow): void {
    for (const [column, value] of Object.entries(row)) {
      if (typeof value === 'string') {
        if (textKey(value) !== undefined) row[column] = unsealText(value, this.#ring, place);
      } else if (Buffer.isBuffer(value)) row[column] = unseal(value, this.#ring, place);
    }
  }

  /**
   * Writes again what is not under the key in force; `db` is to be without the plugin. Gives the rows changed. Others
   * are served between its transactions.
   */
  async reseal(db: Kysely<Tables>): Promise<number> {
    let changed = 0;
    for (const table of [
      'account',
      'alert',
      'alert_tree',
      'command',
      'hunt_result',
      'hunt_schedule',
      'story',
    ] as const) {
      for (let after: string | undefined = ''; after !== undefined; ) {
        const step = await this.#resealSome(db, table, after);
        changed += step.changed;
        after = step.next;
      }
    }
    return changed;
  }

  async #resealSome(db: Kysely<Tables>, table: keyof typeof sealedColumns, after: string) {
    return await db.transaction().execute(async (tx) => {
      const columns = sealedColumns[table] as readonly string[];
      const rows = (await tx
        .selectFrom(table)
        .select(['id', ...columns] as never)
        .where('id', '>', after)
        .orderBy('id')
        .limit(rowsAtOnce)
        .execute()) as (UnknownRow & { id: string })[];
      let changed = 0;
      for (const { id, ...row } of rows) {
        const isStale = Object.values(row).some(
          (value) => typeof value === 'string' && textKey(value) !== this.#ring.current?.id,
        );
        if (!isStale) continue;
        this.#open(row);
        await tx
          .updateTable(table)
          .set(this.seal(table, row as never))
          .where('id', '=', id)
          .execute();
        changed++;
      }
      return { changed, next: rows.length < rowsAtOnce ? undefined : rows.at(-1)?.id };
    });
  }
}
