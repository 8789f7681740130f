/** The declarations of tables: what a user is told of each. */
import t from 'tap';
import { tableNames, tableSpecs } from '#shared/tables/registry.ts';
import type { TableSpec } from '#shared/tables/spec.ts';
import { tableLookups, tableReaders } from '../../agent/query/readers.ts';

t.test('every table is declared under its name, documented, and read by somebody', (t) => {
  for (const name of tableNames) {
    const spec: TableSpec = tableSpecs[name];
    t.equal(spec.name, name);
    t.match(name, /^[a-z][a-z0-9_]*$/);
    for (const [what, doc] of [[name, spec.doc], ...Object.entries(spec.columns).map(([c, [, d]]) => [c, d])])
      t.match(doc, /^\S.*\.$/, `${name}: ${what}`);
    for (const column of Object.keys(spec.columns)) t.match(column, /^[a-z][a-z0-9_]*$/, `${name}.${column}`);
    const readers = [tableReaders[name], tableLookups[name]].filter((one) => one !== undefined);
    t.equal(readers.length, 1, `${name} has one reader`);
    t.equal(tableLookups[name] !== undefined, spec.lookedUpBy !== undefined, name);
    for (const column of spec.lookedUpBy ?? [])
      t.ok(Object.hasOwn(spec.columns, column), `${name} by ${column}`);
  }
  t.end();
});
