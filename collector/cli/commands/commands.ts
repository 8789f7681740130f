import { Command, Option } from 'commander';
import { printJson, printTable, shortTime } from '#shared/output.ts';
import type { CommandJson } from '../../api/json/command.ts';
import { commandStates } from '../../store/contract.ts';
import { hostIdOf } from '../host-id.ts';
import { addQueryOptions, clientOf, type QueryOptions, wholeNumber } from '../options.ts';

interface Options extends QueryOptions {
  readonly host?: string;
  readonly state?: string;
  readonly limit: number;
}

async function list(options: Options): Promise<void> {
  const client = clientOf(options);
  const host = options.host === undefined ? undefined : await hostIdOf(client, options.host);
  const { state, limit } = options;
  const page = await client.get<{ readonly items: readonly CommandJson[] }>('/commands', {
    host,
    state,
    limit,
  });
  if (options.json) {
    printJson(page.items);
    return;
  }
  printTable<CommandJson>(
    [
      { title: 'time', of: (c) => shortTime(c.issuedAt) },
      { title: 'id', of: (c) => c.id },
      { title: 'host', of: (c) => c.hostId },
      { title: 'command', of: (c) => c.name },
      { title: 'state', of: (c) => c.state },
      { title: 'by', of: (c) => c.issuedBy },
      { title: '', of: (c) => (c.code === '' ? '' : `${c.code}: ${c.detail}`), flexible: true },
    ],
    page.items,
    'No command was given.',
  );
}

export function commandsCommand(): Command {
  return addQueryOptions(new Command('commands').description('commands given to hosts, newest first'))
    .option('--host <host>', 'those of one host')
    .addOption(new Option('--state <state>').choices([...commandStates]))
    .option('--limit <n>', 'most commands', wholeNumber(1, 100), 50)
    .action(list);
}
