import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { print, printJson } from '#shared/output.ts';
import type { ConditionForm, HintForm, TestForm, Wakes } from '#shared/sigma/explain/form.ts';
import { addDataOption, dataFolder, printable } from '#shared/terminal.ts';
import type { Feed } from '../../rules/coverage/feed.ts';
import type { Explanation } from '../../rules/explain.ts';

interface Options {
  readonly data?: string;
  readonly rules?: readonly string[];
  readonly json?: boolean;
}

/** Lines of a tree or list that are shown; --json has all. */
const mostLines = 60;
/** Characters of a line. */
const lineLength = 200;

export function rulesExplainCommand(): Command {
  return addDataOption(
    new Command('explain')
      .description('say in words what a rule looks for, how it was compiled and what wakes it')
      .argument('<rule>', 'id, name or title of a rule, or a file of rules'),
  )
    .option('--rules <paths...>', 'where to look (default: the starter pack and rules/ in the data folder)')
    .option('--json', 'print one JSON document')
    .action(run);
}

async function run(name: string, options: Options): Promise<void> {
  const { loadRules, packListsPath, packPath } = await import('../../rules/load.ts');
  const { explainRules } = await import('../../rules/explain.ts');
  const folder = dataFolder(options.data);
  const own = (part: string) => [join(folder, part)].filter((path) => existsSync(path));
  const isFile = options.rules === undefined && existsSync(name);
  const paths = isFile ? [name] : (options.rules ?? [packPath, ...own('rules')]);
  const { ruleSet, problems } = await loadRules(paths, [packListsPath, ...own('lists')]);
  for (const p of isFile ? problems.filter(({ severity }) => severity === 'error') : [])
    process.stderr.write(`${printable(`${p.file}:${p.line}:${p.column}: ${p.code}: ${p.message}`)}\n`);
  const found = explainRules(ruleSet, name, isFile ? () => true : undefined);
  if (options.json) printJson(found);
  else for (const one of found) show(one);
}

function show(one: Explanation): void {
  tell(`${one.title} (${one.id}, ${one.level})`);
  if (typeof one.words === 'string') {
    tell(`  ${one.words}`);
    return;
  }
  const { words, form, wakes, feed } = one as Exclude<Explanation, { readonly words: string }>;
  tell(words.condition);
  for (const [selection, text] of Object.entries(words.selections)) tell(`  ${selection}: ${text}`);
  tell(feedWords(feed));
  tell('Compiled');
  showSome(formLines(form, 1));
  for (const wake of wakes) {
    tell(
      `Looked at, until events show what is rare, on ${wake.events === 'any' ? 'events of any form' : wake.events}, for`,
    );
    showSome(wakeLines(wake.wakes));
  }
}

function feedWords(feed: Feed): string {
  if (feed.fed) return `Fed by events of ${feed.types.join(', ')}`;
  return feed.why === 'logsource'
    ? 'Not fed: no sensor here makes the events it is about'
    : 'Not fed: the events it is about lack fields it cannot do without';
}

function tell(text: string): void {
  const cut = text.length > lineLength ? `${text.slice(0, lineLength)}…` : text;
  print(printable(cut));
}

function showSome(lines: readonly string[]): void {
  for (const line of lines.slice(0, mostLines)) tell(line);
  if (lines.length > mostLines) tell(`  … ${lines.length - mostLines} more lines; --json has all`);
}

function formLines(form: ConditionForm, depth: number): readonly string[] {
  const pad = '  '.repeat(depth);
  switch (form.kind) {
    case 'test':
      return [`${pad}${testWords(form)}`];
    case 'field comparison':
      return [`${pad}${form.field} ${form.says} [both fields compared]`];
    case 'not':
      return [`${pad}not`, ...formLines(form.of, depth + 1)];
    default: {
      const head = form.kind === 'at least' ? `at least ${form.least} of` : form.kind;
      return [`${pad}${head}`, ...form.of.flatMap((part) => formLines(part, depth + 1))];
    }
  }
}

function testWords({ field, says, index }: TestForm): string {
  return `${field ?? 'any text'} ${says} [${hintWords(index)}]`;
}

function hintWords({ by, texts, at, sure }: HintForm): string {
  const where = at === undefined || at === 'anywhere' ? '' : ` at the ${at}`;
  const what = {
    exact: 'whole value',
    literal: `text${where}`,
    network: 'address',
    presence: 'present',
    existence: 'there, be it without a value',
    scan: 'every value',
  };
  const quoted = texts === undefined ? '' : ` ${texts.map((text) => `'${text}'`).join(' or ')}`;
  return `${what[by]}${quoted}${sure ? '' : ', then the test'}`;
}

function wakeLines(wakes: Wakes): readonly string[] {
  return typeof wakes === 'string' ? [`  ${wakes}`] : wakes.map((test) => `  ${testWords(test)}`);
}
