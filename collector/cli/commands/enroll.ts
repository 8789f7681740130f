import { Command } from 'commander';
import { print, printJson } from '#shared/output.ts';
import { addQueryOptions, clientOf, type QueryOptions, wholeNumber } from '../options.ts';

interface Options extends QueryOptions {
  readonly uses: number;
  readonly hours: number;
}

/** The collector's half of `enroll`; the launcher sends uses without --new-token to the agent's. */
export function enrollCommand(): Command {
  return addQueryOptions(new Command('enroll').description('enrol a host: make a token here, use it there'))
    .requiredOption('--new-token', 'make a one-time token (on the collector)')
    .option('--token <token>', 'enrol this host with a token (on the host)')
    .option('--uses <n>', 'hosts the token is good for', wholeNumber(1, 10_000), 1)
    .option('--hours <n>', 'hours until it expires', wholeNumber(1, 720), 1)
    .action(async (options: Options) => {
      const made = await clientOf(options).call<{ readonly token: string; readonly expiresAt: string }>(
        'POST',
        '/enrolment-tokens',
        {},
        { maxUses: options.uses, lifeSeconds: options.hours * 3600 },
      );
      if (options.json) printJson(made);
      else
        print(
          `${made.token}\n\nOn the host, until ${made.expiresAt}:\n  vedette enroll --token TOKEN && vedette agent`,
        );
    });
}
