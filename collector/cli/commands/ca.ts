import { Command } from 'commander';
import { printJson, printTable, shortTime } from '#shared/output.ts';
import type { CaJson } from '../../api/resources/ca.ts';
import { addQueryOptions, clientOf, lifeSeconds, type QueryOptions } from '../options.ts';

type List = { readonly items: readonly CaJson[] };

function show({ items }: List, options: QueryOptions): void {
  if (options.json) {
    printJson(items);
    return;
  }
  printTable<CaJson>(
    [
      { title: 'CA', of: (one) => one.subject, flexible: true },
      { title: '', of: (one) => one.state },
      { title: 'retires', of: (one) => (one.retiresAt === null ? '' : shortTime(one.retiresAt)) },
      { title: 'expires', of: (one) => shortTime(one.expiresAt) },
      { title: 'SHA-256', of: (one) => one.fingerprint },
    ],
    items,
    'There is no CA.',
  );
}

export function caCommand(): Command {
  const command = new Command('ca').description("the collector's certificate authority");
  addQueryOptions(
    command.command('show').description('the CAs that are trusted, the one that signs first'),
  ).action(async (options: QueryOptions) => show(await clientOf(options).get<List>('/ca'), options));
  addQueryOptions(
    command.command('rotate').description('make a new CA; the one before stays trusted for a while'),
  )
    .option(
      '--overlap <time>',
      'how long it stays trusted, e.g. 12h, 30d (default: the setting caOverlapS)',
      lifeSeconds(0, 315_360_000),
    )
    .addHelpText(
      'after',
      `
Agents learn of the new CA as soon as they are connected and renew their certificates with it. Those that do not
connect before the overlap ends must be enrolled again (vedette enroll --again --token TOKEN keeps their host id).
Tokens that were made before the overlap ends are good until then.`,
    )
    .action(async (options: QueryOptions & { readonly overlap?: number }) => {
      const body = { overlapSeconds: options.overlap };
      show(await clientOf(options).call<List>('POST', '/ca/rotate', {}, body), options);
    });
  return command;
}
