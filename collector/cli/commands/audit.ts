import { Command } from 'commander';
import { VedetteError } from '#shared/errors.ts';
import { print, printJson, printTable, shortTime } from '#shared/output.ts';
import type { AuditEntryJson, AuditVerdictJson } from '../../api/resources/audit.ts';
import { addQueryOptions, clientOf, instant, type QueryOptions, wholeNumber } from '../options.ts';

interface ListOptions extends QueryOptions {
  readonly actor?: string;
  readonly action?: string;
  readonly target?: string;
  readonly since?: string;
  readonly limit: number;
}

async function list(options: ListOptions): Promise<void> {
  const { actor, action, target, since, limit } = options;
  const query = { actor, action, target, since, limit };
  const page = await clientOf(options).get<{ readonly items: readonly AuditEntryJson[] }>('/audit', query);
  if (options.json) {
    printJson(page.items);
    return;
  }
  printTable<AuditEntryJson>(
    [
      { title: 'n', of: (e) => String(e.number), align: 'right' },
      { title: 'time', of: (e) => shortTime(e.at) },
      { title: 'who', of: (e) => e.actor },
      { title: 'did', of: (e) => e.action },
      { title: 'to', of: (e) => e.target },
      { title: '', of: (e) => JSON.stringify(e.detail), flexible: true },
    ],
    page.items,
    'No entry matches.',
  );
}

async function verify(_: unknown, command: Command): Promise<void> {
  const options = command.optsWithGlobals<QueryOptions>();
  const verdict = await clientOf(options).get<AuditVerdictJson>('/audit/verification');
  const { entries, head, broken } = verdict;
  if (options.json) printJson(verdict);
  else if (broken === null) print(`${entries} entries, all as they were written; the last has hash ${head}`);
  if (broken === null) return;
  process.exitCode = 1;
  if (!options.json) throw new VedetteError('audit.broken', `Entry ${broken.number}: ${broken.reason}`);
}

export function auditCommand(): Command {
  const audit = addQueryOptions(new Command('audit').description('the audit log: who did what, newest first'))
    .option('--actor <name>', 'what this one did')
    .option('--action <action>', 'e.g. command.make')
    .option('--target <target>', 'what was done to it, e.g. "host ID"')
    .option('--since <when>', 'done since, e.g. 15m, 2h, 7d', instant)
    .option('--limit <n>', 'most entries', wholeNumber(1, 500), 50)
    .action(list);
  audit
    .command('verify')
    .description('whether the log is as it was written; exits 1 and says where when it is not')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nKeep the hash it prints elsewhere: entries taken off the end leave a log that is whole, but shorter.',
    )
    .action(verify);
  return audit;
}
