import { Command } from 'commander';
import { VedetteError } from '#shared/errors.ts';
import { print, printJson, printTable } from '#shared/output.ts';
import { printable } from '#shared/terminal.ts';
import type { HostJson } from '../../api/json/host.ts';
import type { GroupJson } from '../../api/resources/groups.ts';
import type { Client } from '../client.ts';
import { addQueryOptions, clientOf, type QueryOptions } from '../options.ts';

type Items<T> = { readonly items: readonly T[] };
const path = (name: string) => `/groups/${encodeURIComponent(name)}`;

async function list(options: QueryOptions): Promise<void> {
  const { items } = await clientOf(options).get<Items<GroupJson>>('/groups');
  if (options.json) {
    printJson(items);
    return;
  }
  printTable<GroupJson>(
    [
      { title: 'group', of: (g) => g.name },
      { title: 'hosts', of: (g) => String(g.hosts.length), align: 'right' },
      { title: 'description', of: (g) => g.description, flexible: true },
      { title: 'changed by', of: (g) => g.changedBy },
    ],
    items,
    'There is no group yet. `vedette groups set NAME HOST…` makes one.',
  );
}

/** Ids of hosts by id or name; a name that several have means them all. */
async function idsOf(client: Client, names: readonly string[]): Promise<readonly string[]> {
  const { items } = await client.get<Items<HostJson>>('/hosts');
  return names.flatMap((name) => {
    const meant = items.filter(({ id, hostname }) => id === name || hostname === name);
    if (meant.length === 0) throw new VedetteError('usage.invalid', `There is no host ${name}.`);
    return meant.map(({ id }) => id);
  });
}

interface SetOptions extends QueryOptions {
  readonly description?: string;
}

async function set(name: string, hosts: readonly string[], _: unknown, command: Command): Promise<void> {
  const options = command.optsWithGlobals<SetOptions>();
  const client = clientOf(options);
  const body = { hosts: await idsOf(client, hosts), description: options.description ?? '' };
  const group = await client.call<GroupJson>('PUT', path(name), {}, body);
  if (options.json) printJson(group);
  else print(printable(`${group.name}: ${group.hosts.length} hosts`));
}

async function show(name: string, _: unknown, command: Command): Promise<void> {
  const options = command.optsWithGlobals<QueryOptions>();
  const client = clientOf(options);
  const group = await client.get<GroupJson>(path(name));
  if (options.json) {
    printJson(group);
    return;
  }
  const { items } = await client.get<Items<HostJson>>('/hosts');
  const names = new Map(items.map(({ id, hostname }) => [id, hostname]));
  if (group.description !== '') print(printable(group.description));
  for (const id of group.hosts) print(printable(`${names.get(id) ?? 'gone'}  ${id}`));
}

async function remove(name: string, _: unknown, command: Command): Promise<void> {
  const options = command.optsWithGlobals<QueryOptions>();
  await clientOf(options).call('DELETE', path(name));
  if (options.json) printJson({ removed: name });
  else print(printable(`${name} is gone; its hosts stay`));
}

export function groupsCommand(): Command {
  const groups = addQueryOptions(
    new Command('groups').description('groups of hosts, for `group:NAME` wherever hosts are named'),
  );
  groups.action(list);
  addQueryOptions(groups.command('show <name>').description('the hosts of a group')).action(show);
  addQueryOptions(
    groups.command('set <name> [hosts...]').description('make a group of these hosts, by id or name'),
  )
    .option('--description <text>', 'what its hosts are for')
    .action(set);
  addQueryOptions(groups.command('remove <name>').description('forget a group; its hosts stay')).action(
    remove,
  );
  return groups;
}
