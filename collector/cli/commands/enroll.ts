import { Command } from 'commander';
import { VedetteError } from '#shared/errors.ts';
import { print, printJson, printTable, shortTime } from '#shared/output.ts';
import { addQueryOptions, clientOf, lifeSeconds, type QueryOptions, wholeNumber } from '../options.ts';

interface Options extends QueryOptions {
  readonly newToken?: boolean;
  readonly list?: boolean;
  readonly revoke?: string;
  readonly uses: number;
  readonly hours?: number;
  readonly expires?: number;
  readonly hosts?: string;
}

interface TokenJson {
  readonly id: string;
  readonly expiresAt: string;
  readonly uses: number;
  readonly maxUses: number;
  readonly hosts: string;
  readonly revokedAt: string | null;
}

async function make(options: Options): Promise<void> {
  const lifeS = options.expires ?? (options.hours ?? 1) * 3600;
  const body = { maxUses: options.uses, lifeSeconds: lifeS, hosts: options.hosts };
  const made = await clientOf(options).call<{ readonly token: string; readonly expiresAt: string }>(
    'POST',
    '/enrolment-tokens',
    {},
    body,
  );
  if (options.json) printJson(made);
  else
    print(
      `${made.token}\n\nOn the host, until ${made.expiresAt}:\n  vedette enroll --token TOKEN && vedette agent`,
    );
}

function stateOf({ revokedAt, expiresAt, uses, maxUses }: TokenJson): string {
  if (revokedAt !== null) return 'revoked';
  if (Date.parse(expiresAt) <= Date.now()) return 'expired';
  return uses >= maxUses ? 'used up' : 'good';
}

async function list(options: Options): Promise<void> {
  const { items } = await clientOf(options).get<{ readonly items: readonly TokenJson[] }>(
    '/enrolment-tokens',
  );
  if (options.json) {
    printJson(items);
    return;
  }
  printTable<TokenJson>(
    [
      { title: 'id', of: (token) => token.id },
      { title: '', of: stateOf },
      { title: 'used', of: (token) => `${token.uses} of ${token.maxUses}`, align: 'right' },
      { title: 'until', of: (token) => shortTime(token.expiresAt) },
      { title: 'hosts', of: (token) => token.hosts, flexible: true },
    ],
    items,
    'No token was made yet.',
  );
}

async function revoke(options: Options, id: string): Promise<void> {
  const path = `/enrolment-tokens/${encodeURIComponent(id)}`;
  const token = await clientOf(options).call<TokenJson>('DELETE', path);
  if (options.json) printJson(token);
  else print(`token ${token.id} is revoked; ${token.uses} hosts enrolled with it`);
}

/** The collector's half of `enroll`; the launcher sends uses without --new-token, --list or --revoke to the agent's. */
export function enrollCommand(): Command {
  return addQueryOptions(new Command('enroll').description('enrol a host: make a token here, use it there'))
    .option('--new-token', 'make a one-time token (on the collector)')
    .option('--list', 'list the tokens that were made, without their secrets')
    .option('--revoke <id>', 'make a token useless')
    .option('--token <token>', 'enrol this host with a token (on the host)')
    .option('--uses <n>', 'hosts the token is good for', wholeNumber(1, 10_000), 1)
    .option(
      '--expires <time>',
      'how long it is good for, e.g. 30m, 2h, 7d (default: 1h)',
      lifeSeconds(60, 2_592_000),
    )
    .option('--hours <n>', 'the same in hours', wholeNumber(1, 720))
    .option('--hosts <pattern>', "names of hosts that may use it, e.g. 'web-*' (default: any)")
    .action(async (options: Options) => {
      const asked = [options.newToken, options.list, options.revoke].filter((one) => one !== undefined);
      if (asked.length !== 1)
        throw new VedetteError('usage.invalid', 'Give one of --new-token, --list and --revoke.');
      if (options.revoke !== undefined) await revoke(options, options.revoke);
      else if (options.list) await list(options);
      else await make(options);
    });
}
