import { Command } from 'commander';
import { print, printJson, printTable, shortTime } from '#shared/output.ts';
import { printable } from '#shared/terminal.ts';
import type { HostRulesJson } from '../../api/json/host-rules.ts';
import { addQueryOptions, clientOf, type QueryOptions } from '../options.ts';

/** A host that does not run what it was told to, or whose rules fail. */
function isWell({ status, code, wanted, digest, report }: HostRulesJson): boolean {
  const isWanted = wanted === null || wanted.digest === digest;
  return code === '' && isWanted && report.faults === 0 && status !== 'expired';
}

export function reasonOf({ code, detail, wanted, digest, report, status }: HostRulesJson): string {
  if (code !== '') return `${code}: ${detail}`;
  if (report.faults > 0)
    return `${report.faults} rules failed: ${report.faulty.map(({ ruleId }) => ruleId).join(', ')}`;
  if (wanted !== null && wanted.digest !== digest) return `bundle ${wanted.version} is on its way`;
  return status === 'expired' ? 'the bundle has expired and is run all the same' : '';
}

async function showStatus(options: QueryOptions): Promise<void> {
  const { items } = await clientOf(options).get<{ readonly items: readonly HostRulesJson[] }>('/rules/hosts');
  if (items.some((host) => !isWell(host))) process.exitCode = 1;
  if (options.json) {
    printJson(items);
    return;
  }
  printTable<HostRulesJson>(
    [
      { title: 'host', of: (h) => h.hostname },
      { title: 'bundle', of: (h) => (h.version === 0 ? '' : String(h.version)), align: 'right' },
      { title: 'digest', of: (h) => h.digest.slice(0, 12) },
      { title: 'state', of: (h) => h.status },
      { title: 'alerts', of: (h) => String(h.report.alerts), align: 'right' },
      { title: 'since', of: (h) => (h.since === null ? '' : shortTime(h.since)) },
      { title: 'why', of: (h) => printable(reasonOf(h)), flexible: true },
    ],
    items,
    'No host is enrolled yet.',
  );
}

export function rulesStatusCommand(): Command {
  return addQueryOptions(
    new Command('status').description('which bundle of rules each host runs, or why not'),
  )
    .addHelpText('after', '\nExits 1 when a host does not run what it is to run, or a rule failed on one.')
    .action(showStatus);
}

/** Lines about the rules of one host. */
export function printHostRules(rules: HostRulesJson): void {
  const { status, version, digest, since, report } = rules;
  const which = version === 0 ? '' : ` bundle ${version} (${digest.slice(0, 16)})`;
  print(`rules: ${status}${which}${since === null ? '' : ` since ${shortTime(since)}`}`);
  const reason = reasonOf(rules);
  if (reason !== '') print(printable(`  ${reason}`));
  if (version > 0)
    print(
      `  ${report.rules} rules, ${report.events} events, ${report.alerts} alerts, ${report.matchMs} ms matching; agent ${report.cpuMs} ms of processor, ${Math.round(report.rssBytes / 2 ** 20)} MiB`,
    );
}
