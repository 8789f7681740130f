import { Command } from 'commander';
import { print, printJson } from '#shared/output.ts';
import { addDataOption, dataFolder, printable } from '#shared/terminal.ts';

interface Options {
  readonly data?: string;
  readonly json?: boolean;
  readonly replace?: boolean;
}

export function rulesAdvisoriesCommand(): Command {
  const advisories = new Command('advisories').description(
    'what is known of vulnerable and malicious packages',
  );
  addDataOption(
    advisories
      .command('import <paths...>')
      .description('take advisories in the form of OSV into the data folder, where detection takes them up'),
  )
    .option('--replace', 'keep nothing of what was imported before')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      '\nPaths are files (.json: one advisory or a list; .jsonl: one a line) or folders of them, such as an unpacked all.zip of https://osv-vulnerabilities.storage.googleapis.com. Nothing is downloaded. Debian, Ubuntu, Alpine, npm, PyPI, Red Hat, Rocky Linux, AlmaLinux and SUSE are taken.',
    )
    .action(importFrom);
  addDataOption(advisories.command('status').description('what was imported; exits 1 where nothing was'))
    .option('--json', 'print one JSON document')
    .action(status);
  return advisories;
}

async function importFrom(paths: readonly string[], { data, json, replace }: Options): Promise<void> {
  const [{ importAdvisories }, { advisoryFileIn }] = await Promise.all([
    import('../../advisories/import.ts'),
    import('../../advisories/advisory-file.ts'),
  ]);
  const report = await importAdvisories(paths, advisoryFileIn(dataFolder(data)), replace === true);
  if (json) {
    printJson(report);
    return;
  }
  for (const { file, why } of report.refused) print(printable(`${file}: ${why}`));
  print(
    `${report.read} advisories read, ${report.taken} about packages hosts can have (${report.records} records, ${report.replaced} replaced), ${report.removed} withdrawn`,
  );
  print(`kept: ${keptText(report.kept)}`);
}

async function status({ data, json }: Options): Promise<void> {
  const { advisoryFileIn, readRecords } = await import('../../advisories/advisory-file.ts');
  const kept: Record<string, number> = {};
  for await (const { type } of readRecords(advisoryFileIn(dataFolder(data))))
    kept[type] = (kept[type] ?? 0) + 1;
  const isEmpty = Object.keys(kept).length === 0;
  if (json) printJson({ kept });
  else print(isEmpty ? 'No advisories were imported.' : `kept: ${keptText(kept)}`);
  if (isEmpty) process.exitCode = 1;
}

function keptText(kept: Readonly<Record<string, number>>): string {
  const parts = Object.entries(kept).sort(([a], [b]) => (a < b ? -1 : 1));
  return parts.length === 0 ? 'nothing' : parts.map(([type, records]) => `${records} ${type}`).join(', ');
}
