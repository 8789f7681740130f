/** Names that Sigma has for fields, in SQL over the views, whose columns have the names of ECS. */
import { eventSpecs } from '#shared/events/registry.gen.ts';
import { type EventSpec, fieldsOf } from '#shared/schema/spec.ts';
import { type Token, tokensOf } from './lexer.ts';
import type { QuotedSql } from './names.ts';
import { columnNames, eventsView } from './views.ts';

/** A column as a statement names it, and where in it, in bytes. */
export interface ColumnRef {
  readonly parts: readonly string[];
  readonly at: number;
}

/** The columns of these views that Sigma calls so, whatever the case. */
export function sigmaColumns(name: string, views: readonly string[]): readonly string[] {
  const wanted = name.toLowerCase();
  const fields = new Set<string>();
  for (const spec of Object.values<EventSpec>(eventSpecs)) {
    if (!views.includes(spec.name) && !views.includes(eventsView)) continue;
    for (const [field, { sigma }] of Object.entries(fieldsOf(spec)))
      if (sigma?.some((one) => one.toLowerCase() === wanted)) fields.add(field);
  }
  return [...fields];
}

interface Edit {
  readonly start: number;
  readonly length: number;
  readonly text: string;
}

/**
 * Writes the column in the place of each name that is Sigma's for one column of the views, unless a column has that name
 * or the statement itself gives it to something (`given`, lower case).
 */
export function withSigmaNames(
  quoted: QuotedSql,
  refs: readonly ColumnRef[],
  given: ReadonlySet<string>,
  views: readonly string[],
): QuotedSql {
  const columns = new Set(views.flatMap(columnNames).map((name) => name.toLowerCase()));
  const edits: Edit[] = [];
  let tokens: readonly Token[] | undefined;
  for (const { parts, at } of refs) {
    const name = parts.at(-1) as string;
    const lower = name.toLowerCase();
    if (parts.length > 2 || columns.has(lower) || given.has(lower)) continue;
    const [column, another] = sigmaColumns(name, views);
    if (column === undefined || another !== undefined) continue;
    tokens ??= tokensOf(quoted.sql);
    const token = lastOf(tokens, Buffer.from(quoted.sql).subarray(0, at).toString().length, parts.length);
    if (token !== undefined)
      edits.push({ start: token.start, length: token.text.length, text: `"${column}"` });
  }
  return edits.length === 0 ? quoted : edited(quoted, edits);
}

/** The last of so many names with dots between that begin at `start`. */
function lastOf(tokens: readonly Token[], start: number, names: number): Token | undefined {
  const first = tokens.findIndex((token) => token.start === start);
  const isName = ({ kind }: Token) => kind === 'word' || kind === 'quoted';
  return first < 0 ? undefined : tokens.slice(first).filter(isName)[names - 1];
}

function edited({ sql, written }: QuotedSql, edits: readonly Edit[]): QuotedSql {
  const inOrder = edits.toSorted((a, b) => a.start - b.start);
  let out = '';
  let at = 0;
  const placed = inOrder.map((edit) => {
    out += sql.slice(at, edit.start);
    const begin = out.length;
    out += edit.text;
    at = edit.start + edit.length;
    return { ...edit, begin, end: out.length };
  });
  out += sql.slice(at);
  const before = (offset: number) => {
    const last = placed.findLast(({ begin }) => begin < offset);
    if (last === undefined) return offset;
    return offset < last.end ? last.start : last.start + last.length + (offset - last.end);
  };
  return { sql: out, written: (offset) => written(before(offset)) };
}
