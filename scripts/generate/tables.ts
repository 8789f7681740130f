import { tableSpecs } from '#shared/tables/registry.ts';
import type { TableSpec } from '#shared/tables/spec.ts';

function section({ name, doc, system, lookedUpBy, columns }: TableSpec): string[] {
  const remarks = [
    ...(system === undefined ? [] : [`On ${system} only.`]),
    ...(lookedUpBy === undefined
      ? []
      : [
          `Looked up: compare ${lookedUpBy.map((column) => `\`${column}\``).join(' or ')} with \`=\` or \`IN\`.`,
        ]),
  ];
  return [
    `## ${name}`,
    '',
    [doc, ...remarks].join(' '),
    '',
    '| column | type | |',
    '| --- | --- | --- |',
    ...Object.entries(columns).map(([column, [type, what]]) => `| \`${column}\` | ${type} | ${what} |`),
    '',
  ];
}

/** docs/reference/tables.md */
export function tablesPage(): string {
  return [
    '# Tables of live queries',
    '',
    'Generated from `shared/tables/`. `vedette query --tables [NAME]` shows the same. How to ask: docs/live-query.md.',
    '',
    ...Object.values(tableSpecs).flatMap(section),
  ].join('\n');
}
