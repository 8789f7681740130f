import { basename } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { VedetteError } from '#shared/errors.ts';
import { print, printJson } from '#shared/output.ts';
import { type RuleLevel, ruleLevels } from '#shared/sigma/index.ts';
import { printable } from '#shared/terminal.ts';
import { several } from '../options.ts';

interface Options {
  readonly output: string;
  readonly level?: readonly RuleLevel[];
  readonly status?: readonly string[];
  readonly tag?: readonly string[];
  readonly product?: readonly string[];
  readonly onlyFed?: boolean;
  readonly lists?: readonly string[];
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** Files of one kind that are named; --json has all. */
const mostNamed = 20;

function levels(text: string, before: readonly RuleLevel[] = []): readonly RuleLevel[] {
  const named = several(text);
  const wrong = named.find((one) => !(ruleLevels as readonly string[]).includes(one));
  if (wrong !== undefined) throw new InvalidArgumentError(`A level is one of ${ruleLevels.join(', ')}.`);
  return [...before, ...(named as readonly RuleLevel[])];
}

export function rulesImportCommand(): Command {
  return new Command('import')
    .description('take rules from a SigmaHQ checkout, folder, .tar.gz or .zip into a folder')
    .argument('<source>', 'folder or archive')
    .requiredOption('-o, --output <folder>', 'where to write them; what was edited there stays as it is')
    .option('--level <levels>', 'only of these levels, e.g. high,critical', levels)
    .option('--status <statuses>', 'only of these statuses, e.g. stable,test', several)
    .option('--tag <tags>', 'only with one of these tags, e.g. attack.t1059*', several)
    .option('--product <products>', 'only about these products, e.g. linux', several)
    .option('--only-fed', 'only about events that our sensors make')
    .option('--lists <dirs>', 'folders of value lists for placeholders', several)
    .option('--dry-run', 'write nothing, say what would be')
    .option('--json', 'print one JSON document')
    .addHelpText(
      'after',
      `
Files are kept byte for byte under their paths, so that identity, authors and licence lines stay; licences beside them
come along. Rules that are refused are left out and told. Run again it takes up what changed at the source.

  vedette rules import sigma.tar.gz -o rules/sigma --product linux --only-fed --level medium,high,critical`,
    )
    .action(run);
}

async function run(source: string, options: Options): Promise<void> {
  const { readSource } = await import('../../rules/import/source.ts');
  const { chooseRules } = await import('../../rules/import/choose.ts');
  const { placeFiles } = await import('../../rules/import/place.ts');
  const { loadLists } = await import('../../rules/lists.ts');
  const { lists } = await loadLists(options.lists ?? []);
  const choice = chooseRules(
    await readSource(source),
    {
      levels: options.level ?? [],
      statuses: options.status ?? [],
      tags: options.tag ?? [],
      products: options.product ?? [],
      onlyFed: options.onlyFed === true,
    },
    lists,
  );
  if (choice.taken.length === 0)
    throw new VedetteError('rule.import_refused', `Nothing in ${source} is a rule that passes.`);
  const placed = await placeFiles(
    [...choice.taken, ...choice.licences],
    options.output,
    basename(source),
    options.dryRun === true,
  );
  const byReason: Record<string, number> = {};
  for (const { reason } of choice.skipped) byReason[reason] = (byReason[reason] ?? 0) + 1;
  const summary = {
    files: choice.taken.length,
    rules: choice.rules,
    licences: choice.licences.length,
    ...{ added: placed.added.length, updated: placed.updated.length, unchanged: placed.unchanged.length },
    ...{ edited: placed.edited.length, gone: placed.gone.length },
    skipped: choice.skipped.length,
    byReason,
  };
  if (options.json) {
    printJson({ summary, ...placed, skipped: choice.skipped });
    return;
  }
  say(
    `${summary.rules} rules in ${summary.files} files, ${summary.licences} licences: ${summary.added} added, ${summary.updated} updated, ${summary.unchanged} as they were`,
  );
  name('edited here and left alone', placed.edited);
  name('not at the source any more and left alone', placed.gone);
  const reasons = Object.entries(byReason).sort((a, b) => b[1] - a[1]);
  if (reasons.length > 0)
    say(`${summary.skipped} passed over: ${reasons.map(([reason, n]) => `${n} ${reason}`).join(', ')}`);
}

function name(what: string, paths: readonly string[]): void {
  if (paths.length === 0) return;
  say(`${paths.length} ${what}:`);
  for (const path of paths.slice(0, mostNamed)) say(`  ${path}`);
  if (paths.length > mostNamed) say(`  … ${paths.length - mostNamed} more; --json has all`);
}

function say(text: string): void {
  print(printable(text));
}
