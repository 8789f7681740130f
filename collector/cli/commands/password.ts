import { Command } from 'commander';
import { VedetteError } from '#shared/errors.ts';
import { print, printJson } from '#shared/output.ts';
import type { CallerJson } from '../../api/resources/session.ts';
import { addQueryOptions, clientOf, type QueryOptions } from '../options.ts';
import { askHidden, canAsk } from '../prompt.ts';

export function passwordCommand(): Command {
  return addQueryOptions(
    new Command('password').description('change your own password, where you signed in with `vedette login`'),
  ).action(async (options: QueryOptions) => {
    const client = clientOf(options);
    const { user } = await client.get<CallerJson>('/session');
    if (user === null)
      throw new VedetteError(
        'usage.invalid',
        'The command line of this machine is no user; `vedette users sign-in-link NAME` lets one set a password.',
      );
    if (!canAsk()) throw new VedetteError('usage.invalid', 'There is no terminal to ask for a password at.');
    const current = await askHidden(`Present password of ${user.name}: `);
    const next = await askHidden('New password: ');
    if ((await askHidden('The same again: ')) !== next)
      throw new VedetteError('usage.invalid', 'The two were not the same.');
    await client.call('PUT', '/account/password', {}, { current, next });
    if (options.json) printJson({ user: user.name });
    else print(`the password of ${user.name} is changed; other sessions have ended`);
  });
}
