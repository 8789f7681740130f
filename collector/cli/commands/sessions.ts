import { Command } from 'commander';
import { print, printJson, printTable, shortTime } from '#shared/output.ts';
import type { SessionJson } from '../../api/resources/sessions.ts';
import { addQueryOptions, clientOf, type QueryOptions } from '../options.ts';

interface ListOptions extends QueryOptions {
  readonly own?: boolean;
}

async function list(options: ListOptions): Promise<void> {
  const query = options.own === true ? {} : { all: 'true' };
  const { items } = await clientOf(options).get<{ readonly items: readonly SessionJson[] }>(
    '/sessions',
    query,
  );
  if (options.json) {
    printJson(items);
    return;
  }
  printTable<SessionJson>(
    [
      { title: 'id', of: (one) => one.id },
      { title: 'user', of: (one) => one.userName },
      { title: 'began', of: (one) => shortTime(one.createdAt) },
      { title: 'last seen', of: (one) => shortTime(one.lastSeenAt) },
      { title: 'from', of: (one) => one.address ?? '' },
      { title: 'browser', of: (one) => one.userAgent ?? '', flexible: true },
    ],
    items,
    'Nobody is signed in.',
  );
}

async function revoke(id: string, options: QueryOptions): Promise<void> {
  await clientOf(options).call('DELETE', `/sessions/${encodeURIComponent(id)}`);
  if (options.json) printJson({ id });
  else print(`session ${id} has ended`);
}

export function sessionsCommand(): Command {
  const sessions = new Command('sessions').description('browsers that are signed in');
  addQueryOptions(sessions.command('list').description('all sessions, newest first'))
    .option('--own', 'only your own')
    .action(list);
  addQueryOptions(sessions.command('revoke').description('end a session at once'))
    .argument('<id>', 'as the list shows it')
    .action(revoke);
  return sessions;
}
