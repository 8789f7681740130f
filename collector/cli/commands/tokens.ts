import { Command, Option } from 'commander';
import { print, printJson, printTable, shortTime } from '#shared/output.ts';
import type { TokenJson } from '../../api/resources/tokens.ts';
import { permissions } from '../../auth/permissions.ts';
import { roles } from '../../store/contract.ts';
import { addQueryOptions, clientOf, lifeSeconds, type QueryOptions, several } from '../options.ts';

interface ListOptions extends QueryOptions {
  readonly own?: boolean;
}

async function list(options: ListOptions): Promise<void> {
  const query = options.own === true ? {} : { all: 'true' };
  const { items } = await clientOf(options).get<{ readonly items: readonly TokenJson[] }>('/tokens', query);
  if (options.json) {
    printJson(items);
    return;
  }
  printTable<TokenJson>(
    [
      { title: 'id', of: (one) => one.id },
      { title: 'name', of: (one) => one.name, flexible: true },
      { title: 'of', of: (one) => one.userName ?? 'a service' },
      { title: 'role', of: (one) => one.role },
      { title: 'scopes', of: (one) => one.scopes?.join(' ') ?? 'all' },
      { title: 'until', of: (one) => (one.expiresAt === null ? 'no end' : shortTime(one.expiresAt)) },
      { title: 'last used', of: (one) => (one.lastUsedAt === null ? 'never' : shortTime(one.lastUsedAt)) },
    ],
    items,
    'There is no token.',
  );
}

interface CreateOptions extends QueryOptions {
  readonly service?: string;
  readonly scopes?: readonly string[];
  readonly expires?: number;
}

async function create(name: string, options: CreateOptions): Promise<void> {
  const { service, scopes, expires } = options;
  const body = {
    name,
    ...(scopes !== undefined && { scopes }),
    ...(expires !== undefined && { expiresAt: new Date(Date.now() + expires * 1000).toISOString() }),
    ...(service !== undefined && { service: { role: service } }),
  };
  const made = await clientOf(options).call<{ token: TokenJson; secret: string }>(
    'POST',
    '/tokens',
    {},
    body,
  );
  if (options.json) printJson(made);
  else print(`${made.secret}\n(shown this once; id ${made.token.id})`);
}

async function revoke(id: string, options: QueryOptions): Promise<void> {
  await clientOf(options).call('DELETE', `/tokens/${encodeURIComponent(id)}`);
  if (options.json) printJson({ id });
  else print(`token ${id} is revoked`);
}

export function tokensCommand(): Command {
  const tokens = new Command('tokens').description('tokens of people and of services');
  addQueryOptions(tokens.command('list').description('all tokens, newest first'))
    .option('--own', 'only your own')
    .action(list);
  addQueryOptions(tokens.command('create').description('make a token; it is shown this once'))
    .argument('<name>', 'what it is for')
    .addOption(
      new Option('--service <role>', 'for a service, with a role of its own (default: for yourself)').choices(
        roles,
      ),
    )
    .option(
      '--scopes <list>',
      `what it is limited to, of ${permissions.join(', ')} (default: all of the role)`,
      several,
    )
    .option(
      '--expires <time>',
      'how long it lasts, e.g. 12h, 30d (default: 90d; for a service until it is revoked)',
      lifeSeconds(60, 31_622_400),
    )
    .addHelpText(
      'after',
      '\nOn the machine of the collector, where the command line is no user, give --service.',
    )
    .action(create);
  addQueryOptions(tokens.command('revoke').description('end a token at once'))
    .argument('<id>', 'as the list shows it')
    .action(revoke);
  return tokens;
}
