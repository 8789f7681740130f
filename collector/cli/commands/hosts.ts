import { Command } from 'commander';
import { printJson, printTable, shortTime } from '#shared/output.ts';
import type { HostJson } from '../../api/json/host.ts';
import { addQueryOptions, clientOf, type QueryOptions } from '../options.ts';

export function hostsCommand(): Command {
  return addQueryOptions(new Command('hosts').description('the hosts that are enrolled')).action(
    async (options: QueryOptions) => {
      const answer = await clientOf(options).get<{ readonly items: readonly HostJson[] }>('/hosts');
      if (options.json) {
        printJson(answer.items);
        return;
      }
      printTable<HostJson>(
        [
          { title: 'host', of: (h) => h.hostname, flexible: true },
          { title: 'id', of: (h) => h.id },
          { title: '', of: (h) => (h.connected ? 'connected' : 'away') },
          { title: 'os', of: (h) => `${h.os} ${h.kernel ?? ''} ${h.arch ?? ''}` },
          { title: 'agent', of: (h) => h.agentVersion ?? '' },
          { title: 'last seen', of: (h) => (h.lastSeenAt === null ? 'never' : shortTime(h.lastSeenAt)) },
        ],
        answer.items,
        'No host is enrolled yet. `vedette enroll --new-token` makes a token for one.',
      );
    },
  );
}
