import { Command } from 'commander';
import { print, printJson } from '#shared/output.ts';
import type { HealthJson } from '../../api/resources/health.ts';
import { addQueryOptions, clientOf, type QueryOptions } from '../options.ts';

const words = { ok: 'ok  ', degraded: 'LOOK', failing: 'FAIL' } as const;

export function healthCommand(): Command {
  return addQueryOptions(
    new Command('health')
      .description('whether everything works; exits 1 if not')
      .argument('[check]', 'only this check, e.g. ledger'),
  ).action(async (check: string | undefined, options: QueryOptions) => {
    const path = check === undefined ? '/health' : `/health/${encodeURIComponent(check)}`;
    const { status, checks } = await clientOf(options).get<HealthJson>(path);
    if (options.json) printJson({ ok: status === 'ok', status, checks });
    else
      for (const { name, status: is, detail } of checks) print(`${words[is]}  ${name.padEnd(10)}  ${detail}`);
    if (status !== 'ok') process.exitCode = 1;
  });
}
