import { Command } from 'commander';
import { print, printJson } from '#shared/output.ts';
import type { StatusJson } from '../../api/json/status.ts';
import { addQueryOptions, clientOf, type QueryOptions } from '../options.ts';

interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

const maxLagBatches = 1000;

function checksOf(status: StatusJson): Check[] {
  const unsound = status.hosts.filter((h) => h.unaccounted !== 0 || h.duplicates !== 0);
  const lost = status.hosts.reduce((sum, h) => sum + h.lost, 0);
  const { lagBatches, rules } = status.detection;
  return [
    { name: 'collector', ok: true, detail: `answers, up since ${status.startedAt}` },
    {
      name: 'detection',
      ok: rules > 0 && lagBatches < maxLagBatches,
      detail: `${rules} rules, ${lagBatches} batches behind`,
    },
    {
      name: 'ledger',
      ok: unsound.length === 0,
      detail:
        unsound.length === 0
          ? `every event accounted for, ${lost} declared lost`
          : `does not add up on ${unsound.length} hosts`,
    },
    {
      name: 'agents',
      ok: status.hosts.every((h) => h.connected),
      detail: `${status.hosts.filter((h) => h.connected).length} of ${status.hosts.length} connected`,
    },
  ];
}

export function healthCommand(): Command {
  return addQueryOptions(
    new Command('health').description('whether everything works; exits 1 if not'),
  ).action(async (options: QueryOptions) => {
    const checks = checksOf(await clientOf(options).get<StatusJson>('/status'));
    const isWell = checks.every((check) => check.ok);
    if (options.json) printJson({ ok: isWell, checks });
    else
      for (const check of checks)
        print(`${check.ok ? 'ok  ' : 'FAIL'}  ${check.name.padEnd(10)}  ${check.detail}`);
    if (!isWell) process.exitCode = 1;
  });
}
