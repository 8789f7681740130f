import { Command } from 'commander';
import { print, printJson } from '#shared/output.ts';
import { addQueryOptions, clientOf, type QueryOptions } from '../options.ts';

export function signInCommand(): Command {
  return addQueryOptions(
    new Command('sign-in').description('a one-time link that signs a browser in'),
  ).action(async (options: QueryOptions) => {
    const link = await clientOf(options).call<{ readonly url: string; readonly expiresAt: string }>(
      'POST',
      '/sign-in-links',
      {},
      {},
    );
    if (options.json) printJson(link);
    else print(`${link.url}\n(works once, until ${link.expiresAt})`);
  });
}
