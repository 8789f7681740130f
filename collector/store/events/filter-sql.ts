/** Filters as SQL predicates over the columns of segments, in the dialect of DuckDB. */
import { fieldIn } from '#shared/filter/fields.ts';
import { combine, type Filter, type Leaf, timeName, type ValueTest } from '#shared/filter/filter.ts';
import { type EventSpec, fieldsOf } from '#shared/schema/spec.ts';
import { quoted, type SqlParameters } from './sql-parameters.ts';
import { numberSql, type TextSql, textSql } from './value-sql.ts';
import { fitsType, isText } from './value-types.ts';

/** Writes a predicate. What turns out to be constant is never written, and so takes no parameters. */
type Write = (parameters: SqlParameters) => string;

/** `some` over the entries of a column that holds lists, over the text itself elsewhere. */
function overText(column: string, isList: boolean, some: TextSql): string {
  return isList ? `len(list_filter(${column}, lambda x: ${some('x')})) > 0` : some(column);
}

function fieldSql(spec: EventSpec, name: string, test: ValueTest): Write | false {
  const field = name === timeName ? ({ ecs: timeName, type: 'time' } as const) : fieldIn(spec.name, name);
  if (field === undefined || !fitsType(test, field.type)) return false;
  const column = quoted(field.ecs);
  if (test.is === 'present') return () => `${column} IS NOT NULL`;
  if (test.is === 'bool') return () => `${column} = ${test.value}`;
  if (!isText(field.type)) return (parameters) => numberSql(column, field.type, test, parameters);
  return (parameters) =>
    overText(column, field.type === 'keywords', textSql(test, parameters, field.type === 'hash'));
}

function wordsSql(spec: EventSpec, test: ValueTest & { readonly is: 'like' }): Write | false {
  const fields = Object.entries(fieldsOf(spec)).filter(([, { type }]) => isText(type));
  if (fields.length === 0) return false;
  return (parameters) => {
    const some = textSql(test, parameters, false);
    const parts = fields.map(([name, { type }]) => overText(quoted(name), type === 'keywords', some));
    return `(${parts.join(' OR ')})`;
  };
}

function leafSql(spec: EventSpec, leaf: Leaf): Write | boolean {
  switch (leaf.kind) {
    case 'field':
      return fieldSql(spec, leaf.name, leaf.test);
    case 'words':
      return wordsSql(spec, { is: 'like', pattern: leaf.pattern });
    case 'types':
      return leaf.types.includes(spec.name);
    case 'hosts': {
      const { ids } = leaf;
      if (ids.length === 0) return false;
      return (parameters) => `${quoted('host.id')} IN (${ids.map((id) => parameters.add(id)).join(', ')})`;
    }
    case 'host':
      throw new Error('A filter with names of hosts in it cannot be compiled.');
  }
}

function joined(parts: readonly Write[], by: 'AND' | 'OR'): Write {
  return (parameters) => `(${parts.map((write) => write(parameters)).join(` ${by} `)})`;
}

/**
 * A predicate over the segments of one event type; true or false where every event of the type passes or none does.
 * Absent fields make a test NULL, which counts as false: `not` takes it so.
 */
export function filterSql(filter: Filter, spec: EventSpec, parameters: SqlParameters): string | boolean {
  const write = combine<Write>(filter, {
    leaf: (leaf) => leafSql(spec, leaf),
    all: (parts) => joined(parts, 'AND'),
    any: (parts) => joined(parts, 'OR'),
    not: (part) => (given) => `((${part(given)}) IS NOT TRUE)`,
  });
  return typeof write === 'boolean' ? write : write(parameters);
}
