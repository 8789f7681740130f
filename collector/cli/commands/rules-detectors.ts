import { Command } from 'commander';
import { bytes, print, printJson, printTable, shortTime } from '#shared/output.ts';
import { printable } from '#shared/terminal.ts';
import type { DetectorJson } from '../../api/json/detector.ts';
import { addQueryOptions, clientOf, type QueryOptions } from '../options.ts';

interface Answer {
  readonly sizeBytes: number;
  readonly maxBytes: number;
  readonly items: readonly DetectorJson[];
}

export function rulesDetectorsCommand(): Command {
  return addQueryOptions(
    new Command('detectors')
      .argument('[name]', 'one of them, with what it tells of and its parameters')
      .description('detectors that rules ask for: what they hold, since when they learn, what they found'),
  )
    .addHelpText(
      'after',
      '\nA rule asks for a detector with `logsource: {product: vedette, service: NAME}`. Parameters are set by detectors/NAME.yml in a folder of rules or a bundle.',
    )
    .action(run);
}

async function run(name: string | undefined, { json, ...rest }: QueryOptions): Promise<void> {
  const answer = await clientOf(rest).get<Answer>('/detectors');
  const items = answer.items.filter((one) => name === undefined || one.name === name);
  if (json) printJson(name === undefined ? answer : (items[0] ?? null));
  else if (name === undefined) table(answer);
  else if (items[0] !== undefined) details(items[0]);
  else
    print(
      `There is no detector ${printable(name)}; there are ${answer.items.map((one) => one.name).join(', ')}.`,
    );
  if (items.length === 0) process.exitCode = 1;
}

function table({ items, sizeBytes, maxBytes }: Answer): void {
  const state = (of: (state: NonNullable<DetectorJson['state']>) => string) => (one: DetectorJson) =>
    one.state === null ? '' : of(one.state);
  printTable<DetectorJson>(
    [
      { title: 'detector', of: (one) => one.name },
      { title: 'rules', of: (one) => String(one.rules.length), align: 'right' },
      { title: 'things', of: state((s) => String(s.entities)), align: 'right' },
      { title: 'memory', of: state((s) => bytes(s.sizeBytes)), align: 'right' },
      { title: 'left for room', of: state((s) => String(s.evicted)), align: 'right' },
      { title: 'events', of: state((s) => String(s.observed)), align: 'right' },
      { title: 'findings', of: state((s) => String(s.findings + s.dropped)), align: 'right' },
      { title: 'learns since', of: state((s) => (s.learnedFrom === null ? '' : shortTime(s.learnedFrom))) },
      { title: 'what', of: (one) => (one.state?.isSetAside ? 'FAILED' : one.doc), flexible: true },
    ],
    items,
    'There are no detectors.',
  );
  print(`Together they hold ${bytes(sizeBytes)} of at most ${bytes(maxBytes)}.`);
}

function details({ name, doc, kinds, parameters, rules, types, state }: DetectorJson): void {
  print(`${name}: ${doc}`);
  print(`looks at ${types.join(', ')}`);
  for (const kind of kinds) print(`  ${kind.name}: ${kind.doc}`);
  print('parameters');
  for (const one of parameters)
    print(`  ${one.name} = ${one.value}: ${one.doc} (usually ${one.usual}; ${one.least} to ${one.most})`);
  print(rules.length === 0 ? 'No rule in force asks for it, so it does not run.' : 'rules');
  for (const { id, title } of rules) print(printable(`  ${id}  ${title}`));
  for (const one of state?.tables ?? [])
    print(`holds ${one.entities} ${one.name}, ${bytes(one.sizeBytes)}; ${one.evicted} left for room`);
}
