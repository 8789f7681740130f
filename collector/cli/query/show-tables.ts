import { VedetteError } from '#shared/errors.ts';
import { print, printJson, printTable } from '#shared/output.ts';
import { type TableName, tableNames, tableSpecs } from '#shared/tables/registry.ts';
import type { TableSpec } from '#shared/tables/spec.ts';

/** Prints the tables of live queries, or the columns of one. Throws `usage.invalid` when there is none of the name. */
export function showTables(name: string | undefined, isJson: boolean | undefined): void {
  if (name === undefined) {
    const specs: readonly TableSpec[] = tableNames.map((one) => tableSpecs[one]);
    if (isJson) printJson(specs);
    else
      printTable(
        [
          { title: 'table', of: (spec: TableSpec) => spec.name },
          { title: 'system', of: (spec) => spec.system ?? 'all' },
          { title: 'what', of: (spec) => spec.doc, flexible: true },
        ],
        specs,
        '',
      );
    return;
  }
  if (!Object.hasOwn(tableSpecs, name)) throw new VedetteError('usage.invalid', `There is no table ${name}.`);
  const spec: TableSpec = tableSpecs[name as TableName];
  if (isJson) printJson(spec);
  else showColumns(spec);
}

function showColumns({ name, doc, system, lookedUpBy, columns }: TableSpec): void {
  print(`${name}: ${doc}`);
  if (system !== undefined) print(`On ${system} only.`);
  if (lookedUpBy !== undefined) print(`One of ${lookedUpBy.join(', ')} must be compared with = or IN.`);
  print('');
  printTable(
    [
      { title: 'column', of: ([column]) => column },
      { title: 'type', of: ([, [type]]) => type },
      { title: 'what', of: ([, [, what]]) => what, flexible: true },
    ],
    Object.entries(columns),
    '',
  );
}
