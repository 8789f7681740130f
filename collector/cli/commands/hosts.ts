import { Command } from 'commander';
import { print, printJson, printTable, shortTime } from '#shared/output.ts';
import { printable } from '#shared/terminal.ts';
import type { HostJson, HostWithRiskJson } from '../../api/json/host.ts';
import type { HostRulesJson } from '../../api/json/host-rules.ts';
import { outside, outsideWords } from '../../intake/outside.ts';
import { addQueryOptions, clientOf, type QueryOptions } from '../options.ts';
import { printHostRules } from './rules-status.ts';

function presence({ id, state, connected }: HostJson): string {
  if (state !== 'active') return state;
  if (id === outside.id) return outsideWords;
  return connected ? 'connected' : 'away';
}

async function list(options: QueryOptions): Promise<void> {
  const answer = await clientOf(options).get<{ readonly items: readonly HostJson[] }>('/hosts');
  if (options.json) {
    printJson(answer.items);
    return;
  }
  printTable<HostJson>(
    [
      { title: 'host', of: (h) => h.hostname, flexible: true },
      { title: 'id', of: (h) => h.id },
      { title: '', of: presence },
      { title: 'os', of: (h) => `${h.os} ${h.kernel ?? ''} ${h.arch ?? ''}` },
      { title: 'agent', of: (h) => h.agentVersion ?? '' },
      { title: 'last seen', of: (h) => (h.lastSeenAt === null ? 'never' : shortTime(h.lastSeenAt)) },
    ],
    answer.items,
    'No host is enrolled yet. `vedette enroll --new-token` makes a token for one.',
  );
}

interface Reasoned extends QueryOptions {
  readonly reason?: string;
}

/** Options written behind the subcommand; `--data` and `--json` may stand before it as well. */
function changeCommand(verb: string, done: string, description: string): Command {
  return addQueryOptions(new Command(verb).description(description))
    .argument('<id>', 'id of the host (see `vedette hosts`)')
    .option('--reason <text>', 'why, for the audit log')
    .action(async (id: string, _: unknown, command: Command) => {
      const options = command.optsWithGlobals<Reasoned>();
      const path = `/hosts/${encodeURIComponent(id)}/${verb}`;
      const host = await clientOf(options).call<HostJson>('POST', path, {}, { reason: options.reason });
      if (options.json) printJson(host);
      else print(`${printable(host.hostname)} (${host.id}) ${done}`);
    });
}

async function show(id: string, _: unknown, command: Command): Promise<void> {
  const options = command.optsWithGlobals<QueryOptions>();
  const client = clientOf(options);
  const path = `/hosts/${encodeURIComponent(id)}`;
  const [host, rules] = await Promise.all([
    client.get<HostWithRiskJson>(path),
    client.get<HostRulesJson>(`${path}/rules`),
  ]);
  if (options.json) {
    printJson({ ...host, rules });
    return;
  }
  print(
    printable(`${host.hostname} (${host.id}): ${presence(host)}, ${host.os} ${host.kernel ?? ''}`.trimEnd()),
  );
  print(printable(`agent ${host.agentVersion ?? 'unknown'}, enrolled ${shortTime(host.enrolledAt)}`));
  if (host.risk !== null)
    print(
      printable(
        `risk ${Math.round(host.risk.score)}, of ${host.risk.alerts} alerts: vedette risk --host ${host.id}`,
      ),
    );
  printHostRules(rules);
}

export function hostsCommand(): Command {
  return addQueryOptions(new Command('hosts').description('the hosts that are enrolled'))
    .action(list)
    .addCommand(
      addQueryOptions(new Command('show').description('one host, and the rules it runs'))
        .argument('<id>', 'id of the host (see `vedette hosts`)')
        .action(show),
    )
    .addCommand(
      changeCommand('revoke', 'is revoked', 'cut a host off at once: its certificates are good for nothing'),
    )
    .addCommand(
      changeCommand(
        'decommission',
        'is out of service',
        'take a host out of service: its agent stops trying, its events stay',
      ),
    )
    .addCommand(
      changeCommand(
        'restore',
        'may connect again',
        'let a host connect again that was revoked or decommissioned; its agent is to be restarted',
      ),
    );
}
