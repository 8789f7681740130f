import { catalogue } from '#shared/errors.ts';

/** docs/reference/errors.md */
export function errorsPage(): string {
  const rows = Object.entries(catalogue).map(
    ([code, e]) =>
      `| \`${code}\` | ${e.close ?? ''} | ${e.cause} | ${e.action} | ${e.retryable ? 'yes' : 'no'} |`,
  );
  return [
    '# Errors',
    '',
    'Generated from `shared/errors.ts`. Codes are stable. *Close* is the WebSocket close status where one is used.',
    '',
    '| code | close | cause | what to do | retryable |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}
