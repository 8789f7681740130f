import { createHash } from 'node:crypto';
import type { Selectable, Transaction } from 'kysely';
import type { StoryPlacement } from '../contract.ts';
import type { Tables } from './tables.ts';

/** Most alerts of one story; what is beyond is counted and has none. */
export const maxStoryAlerts = 500;
/** Most stories that one token leads to at once. */
const maxNear = 64;

type PlacedRow = Pick<Selectable<Tables['alert']>, 'id' | 'host_id' | 'first_event_at' | 'last_event_at'>;

/** Tokens name users, files and addresses; they are only ever compared. */
const hashOf = (token: string) => createHash('sha256').update(token).digest('hex').slice(0, 32);

/** Where a story begins: the earliest first event, of those at one instant the least id. */
interface Head {
  readonly at: number;
  readonly id: string;
}

const isEarlier = (a: Head, b: Head) => a.at < b.at || (a.at === b.at && a.id < b.id);

/**
 * Stories are the connected parts of what relations make of alerts, so that they come out the same in whatever order
 * alerts arrive. A story bears the id of its earliest alert; one that became part of another leads to it for ever.
 */
export class Placing {
  readonly #tx: Transaction<Tables>;
  readonly touched = new Set<string>();

  constructor(tx: Transaction<Tables>) {
    this.#tx = tx;
  }

  /** False when the story it belongs to has no room for it. */
  async place({ alertId, relations }: StoryPlacement): Promise<boolean> {
    const row = await this.#tx
      .selectFrom('alert')
      .select(['id', 'host_id', 'story_id', 'first_event_at', 'last_event_at'])
      .where('id', '=', alertId)
      .executeTakeFirst();
    if (row === undefined) return true;
    const near = new Set<string>();
    for (const relation of relations) for (const id of await this.#near(row, relation)) near.add(id);
    await this.#keep(row, relations);
    let story = row.story_id ?? (await this.#join(row, near));
    if (story === null) return false;
    for (const other of near) if (other !== story) story = await this.#merge(story, other);
    await this.#reheaded(story);
    return true;
  }

  async #near(
    row: PlacedRow,
    { token: text, limitUs, isBetweenHosts }: StoryPlacement['relations'][number],
  ): Promise<readonly string[]> {
    const token = hashOf(text);
    let query = this.#tx
      .selectFrom('alert_relation')
      .innerJoin('alert', 'alert.id', 'alert_relation.alert_id')
      .select('alert.story_id as story')
      .distinct()
      .where('token', '=', token)
      .where('alert_id', '<>', row.id)
      .where('first_at', '<=', row.last_event_at + limitUs)
      .where('last_at', '>=', row.first_event_at - limitUs)
      .where('alert.story_id', 'is not', null);
    if (isBetweenHosts) query = query.where('alert_relation.host_id', '<>', row.host_id);
    const found = await query.orderBy('story').limit(maxNear).execute();
    return found.flatMap(({ story }) => (story === null ? [] : [story]));
  }

  async #keep(row: PlacedRow, relations: StoryPlacement['relations']): Promise<void> {
    const span = { first_at: row.first_event_at, last_at: row.last_event_at };
    for (const { token } of relations)
      await this.#tx
        .insertInto('alert_relation')
        .values({ token: hashOf(token), alert_id: row.id, host_id: row.host_id, ...span })
        .onConflict((conflict) => conflict.columns(['token', 'alert_id']).doUpdateSet(span))
        .execute();
    // What related it before still does, over its longer time.
    await this.#tx.updateTable('alert_relation').set(span).where('alert_id', '=', row.id).execute();
  }

  /** Puts an alert without a story into the first of these that has room, else into one of its own. */
  async #join(row: { readonly id: string; readonly first_event_at: number }, near: ReadonlySet<string>) {
    const full: string[] = [];
    for (const story of near) {
      if ((await this.#count(story)) >= maxStoryAlerts) {
        full.push(story);
        continue;
      }
      await this.#tx.updateTable('alert').set({ story_id: story }).where('id', '=', row.id).execute();
      return story;
    }
    const [first] = full;
    if (first !== undefined) {
      await this.#beyond(first);
      return null;
    }
    await this.#tx
      .insertInto('story')
      .values({
        ...{ id: row.id, merged_into: null, first_at: row.first_event_at, last_at: row.first_event_at },
        ...{ alerts: 1, beyond: 0, summary: '{}' },
      })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ merged_into: null }))
      .execute();
    await this.#tx.updateTable('alert').set({ story_id: row.id }).where('id', '=', row.id).execute();
    return row.id;
  }

  async #beyond(story: string): Promise<void> {
    await this.#tx
      .updateTable('story')
      .set((row) => ({ beyond: row('beyond', '+', 1) }))
      .where('id', '=', story)
      .execute();
  }

  async #count(story: string): Promise<number> {
    const { n } = await this.#tx
      .selectFrom('alert')
      .select((row) => row.fn.countAll<number>().as('n'))
      .where('story_id', '=', story)
      .executeTakeFirstOrThrow();
    return n;
  }

  async #head(story: string): Promise<Head | undefined> {
    const row = await this.#tx
      .selectFrom('alert')
      .select(['id', 'first_event_at as at'])
      .where('story_id', '=', story)
      .orderBy('first_event_at')
      .orderBy('id')
      .executeTakeFirst();
    return row;
  }

  /** Makes one of two, unless that one would be too large; gives where the first one's alerts are now. */
  async #merge(story: string, other: string): Promise<string> {
    const [one, two] = [await this.#head(story), await this.#head(other)];
    if (one === undefined || two === undefined) return story;
    if ((await this.#count(story)) + (await this.#count(other)) > maxStoryAlerts) return story;
    const [into, from] = isEarlier(one, two) ? [story, other] : [other, story];
    await this.#rename(from, into);
    return into;
  }

  /** The alerts of one story are those of another from now on. */
  async #rename(from: string, into: string): Promise<void> {
    await this.#tx.updateTable('alert').set({ story_id: into }).where('story_id', '=', from).execute();
    await this.#tx
      .updateTable('story')
      .set({ merged_into: into })
      .where((row) => row.or([row('id', '=', from), row('merged_into', '=', from)]))
      .where('id', '<>', into)
      .execute();
    this.touched.delete(from);
    this.touched.add(into);
  }

  /** A story that an earlier alert joined bears that one's id. */
  async #reheaded(story: string): Promise<void> {
    const head = await this.#head(story);
    this.touched.add(story);
    if (head === undefined || head.id === story) return;
    await this.#tx
      .insertInto('story')
      .values({
        ...{ id: head.id, merged_into: null, first_at: head.at, last_at: head.at, alerts: 0, beyond: 0 },
        summary: '{}',
      })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ merged_into: null }))
      .execute();
    await this.#rename(story, head.id);
  }
}
