import { Argument, Command, Option } from 'commander';
import { VedetteError } from '#shared/errors.ts';
import { print, printJson, printTable, shortTime } from '#shared/output.ts';
import { printable } from '#shared/terminal.ts';
import type { UserJson } from '../../api/json/user.ts';
import { roles } from '../../store/contract.ts';
import type { Client } from '../client.ts';
import { addQueryOptions, clientOf, type QueryOptions } from '../options.ts';

interface Link {
  readonly url: string;
  readonly expiresAt: string;
}

type Users = { readonly items: readonly UserJson[] };

/** By name, whatever its case, or by id. Throws `api.not_found`. */
async function find(client: Client, name: string): Promise<UserJson> {
  const { items } = await client.get<Users>('/users');
  const folded = name.toLowerCase();
  const found =
    items.find((one) => one.name.toLowerCase() === folded) ?? items.find((one) => one.id === name);
  if (found === undefined) throw new VedetteError('api.not_found', `There is no user ${name}.`);
  return found;
}

const lines = (link: Link) => `${link.url}\n(works once, until ${link.expiresAt})`;

async function list(options: QueryOptions): Promise<void> {
  const { items } = await clientOf(options).get<Users>('/users');
  if (options.json) {
    printJson(items);
    return;
  }
  printTable<UserJson>(
    [
      { title: 'user', of: (one) => one.name },
      { title: 'name', of: (one) => one.displayName, flexible: true },
      { title: 'role', of: (one) => one.role },
      { title: '', of: (one) => (one.disabled ? 'disabled' : '') },
      { title: 'by', of: ways },
      {
        title: 'last sign-in',
        of: (one) => (one.lastSignInAt === null ? 'never' : shortTime(one.lastSignInAt)),
      },
    ],
    items,
    'There are no users.',
  );
}

function ways({ hasPassword, hasSecondFactor, oidcSubject }: UserJson): string {
  const each = [
    hasPassword && 'password',
    hasSecondFactor && 'second factor',
    oidcSubject !== null && 'OIDC',
  ];
  return each.filter((one) => one !== false).join(', ') || 'links only';
}

async function show(name: string, options: QueryOptions): Promise<void> {
  const user = await find(clientOf(options), name);
  if (options.json) {
    printJson(user);
    return;
  }
  const facts: [string, string][] = [
    ['user', user.name],
    ['name', user.displayName],
    ['role', user.disabled ? `${user.role} (disabled)` : user.role],
    ['comes in by', ways(user)],
    ['subject', user.oidcSubject ?? ''],
    ['since', user.createdAt],
    ['last sign-in', user.lastSignInAt ?? 'never'],
    ['id', user.id],
  ];
  for (const [title, value] of facts) if (value !== '') print(`${title.padEnd(14)}${printable(value)}`);
}

interface AddOptions extends QueryOptions {
  readonly role: string;
  readonly displayName?: string;
}

async function add(name: string, options: AddOptions): Promise<void> {
  const body = { name, role: options.role, displayName: options.displayName };
  const made = await clientOf(options).call<{ user: UserJson; signInLink: Link }>('POST', '/users', {}, body);
  if (options.json) printJson(made);
  else
    print(`user ${made.user.name} is made; they sign in, and set a password, by\n${lines(made.signInLink)}`);
}

async function change(name: string, body: object, said: string, options: QueryOptions): Promise<void> {
  const client = clientOf(options);
  const { id } = await find(client, name);
  const user = await client.call<UserJson>('PATCH', `/users/${id}`, {}, body);
  if (options.json) printJson(user);
  else print(`user ${user.name} ${said}`);
}

async function without(name: string, path: string, said: string, options: QueryOptions): Promise<void> {
  const client = clientOf(options);
  const user = await find(client, name);
  await client.call('DELETE', `/users/${user.id}${path}`);
  if (options.json) printJson({ id: user.id, name: user.name });
  else print(`user ${user.name} ${said}`);
}

async function link(name: string, options: QueryOptions): Promise<void> {
  const client = clientOf(options);
  const { id } = await find(client, name);
  const made = await client.call<Link>('POST', `/users/${id}/sign-in-link`);
  if (options.json) printJson(made);
  else print(lines(made));
}

export function usersCommand(): Command {
  const users = new Command('users').description('people who may come in');
  const command = (name: string, description: string) =>
    addQueryOptions(users.command(name).description(description));
  const ofUser = (name: string, description: string) =>
    command(name, description).argument('<user>', 'name or id of the user');
  command('list', 'all users by name').action(list);
  ofUser('show', 'one user').action(show);
  command('add', 'add a user; prints the link they sign in by for the first time')
    .argument('<user>', 'name they sign in with: letters, digits and . _ @ + -')
    .addOption(new Option('--role <role>', 'what they may do').choices(roles).default('viewer'))
    .option('--display-name <name>', 'what they are called')
    .action(add);
  ofUser('role', 'give another role; their sessions end')
    .addArgument(new Argument('<role>', 'what they may do').choices(roles))
    .action((name: string, role: string, options: QueryOptions) =>
      change(name, { role }, `has the role ${role} now`, options),
    );
  ofUser('disable', 'end everything they come in by, and let them in no more').action(
    (name: string, options: QueryOptions) => change(name, { disabled: true }, 'is disabled', options),
  );
  ofUser('enable', 'let a disabled user in again').action((name: string, options: QueryOptions) =>
    change(name, { disabled: false }, 'is enabled', options),
  );
  ofUser('remove', 'remove with sessions and tokens').action((name: string, options: QueryOptions) =>
    without(name, '', 'is removed', options),
  );
  ofUser('reset-second-factor', 'take the second factor off a user who lost it').action(
    (name: string, options: QueryOptions) =>
      without(name, '/second-factor', 'has no second factor now', options),
  );
  ofUser('sign-in-link', 'a one-time link that signs a browser in as this user').action(link);
  return users;
}
