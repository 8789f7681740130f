import { operations } from '../../collector/api/resources/list.ts';

/** docs/reference/api.md */
export function apiPage(): string {
  const rows = operations.map(
    (o) => `| ${o.method} | \`/api/v1${o.path}\` | ${o.permission} | ${o.summary} |`,
  );
  return [
    '# API',
    '',
    'Generated from `collector/api/resources/`. The running collector serves the whole description, with every schema,',
    'as OpenAPI 3.1 at `/api/v1/openapi.json`. Send the token of the token file as `Authorization: Bearer …`.',
    '',
    '| | path | permission | |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}
