import { Argument, Command, Option } from 'commander';
import { print, printJson } from '#shared/output.ts';
import { printable } from '#shared/terminal.ts';
import { type AnalysisKind, analysisKinds } from '../../analysis/contract.ts';
import type { AnalysisJson, FindingJson } from '../../api/json/analysis.ts';
import { type Level, levels } from '../../store/contract.ts';
import { addQueryOptions, clientOf, instant, type QueryOptions } from '../options.ts';

interface AnalyseOptions extends QueryOptions {
  readonly host?: readonly string[];
  readonly since?: string;
  readonly until?: string;
  readonly severity: Level;
}

/** As long as the collector gives it to wait for its turn and run. */
const patienceMs = 1_200_000;

const shortTime = (iso: string) => iso.slice(0, 19).replace('T', ' ');

function printFinding(finding: FindingJson): void {
  const { severity, title, hostName, description, confidence, recommendations, numbers } = finding;
  const { firstSeen, lastSeen, techniques, filter } = finding;
  const where = hostName === null ? 'several hosts' : hostName;
  print('');
  print(printable(`${severity.toUpperCase()}  ${title}, ${where}`));
  print(printable(`  ${description}`));
  for (const advice of recommendations) print(printable(`  → ${advice}`));
  const figures = Object.entries(numbers).map(([name, value]) => `${name} ${value}`);
  print(
    printable(
      `  ${figures.join(', ')}; confidence ${Math.round(confidence * 100)} %, ${techniques.join(', ')}`,
    ),
  );
  print(printable(`  ${shortTime(firstSeen)} to ${shortTime(lastSeen)} UTC`));
  print(printable(`  vedette events '${filter.replaceAll("'", String.raw`'\''`)}' --since ${firstSeen}`));
}

function printAnalysis(
  { kind, hosts, since, until, checks, findings, leftOut, damagedBatches }: AnalysisJson,
  of: readonly FindingJson[],
) {
  const scope = hosts.length === 1 ? hosts[0]?.name : `${hosts.length} hosts`;
  print(
    printable(
      `${kind} analysis of ${scope}, ${shortTime(since)} to ${shortTime(until)} UTC: ${findings.length} findings of ${checks.length} checks.`,
    ),
  );
  if (of.length < findings.length) print(`${findings.length - of.length} of lesser severity are not shown.`);
  if (leftOut > 0) print(`${leftOut} more were found and left out: a check tells the gravest of each host.`);
  if (damagedBatches > 0)
    print(`${damagedBatches} stored batches could not be read; findings may be missing.`);
  for (const finding of of) printFinding(finding);
  print('');
}

/** Each kind on its own: they take turns in the collector. */
async function analyse(kind: AnalysisKind | 'all', options: AnalyseOptions): Promise<void> {
  const { host, since, until, severity, json } = options;
  const client = clientOf(options);
  const done: AnalysisJson[] = [];
  for (const one of kind === 'all' ? analysisKinds : [kind]) {
    const query = { host, since, until };
    const analysis = await client.call<AnalysisJson>('GET', `/analysis/${one}`, query, undefined, patienceMs);
    const findings = analysis.findings.filter((f) => levels.indexOf(f.severity) >= levels.indexOf(severity));
    if (json) done.push({ ...analysis, findings });
    else printAnalysis(analysis, findings);
  }
  if (json) printJson(kind === 'all' ? done : done[0]);
}

const collect = (text: string, before: readonly string[] = []) => [...before, text];

export function analyseCommand(): Command {
  return addQueryOptions(
    new Command('analyse').description('look through what is stored for what is out of the ordinary'),
  )
    .addArgument(
      new Argument('[kind]', 'of what').choices([...analysisKinds, 'all']).default('all', 'all four'),
    )
    .option(
      '--host <host>',
      'only hosts of this name or id; * and ? stand for others; repeat for more',
      collect,
    )
    .option(
      '--since <when>',
      'events not before, e.g. 2h, 7d or 2026-01-31T12:00:00Z (default: a day)',
      instant,
    )
    .option('--until <when>', 'events not after', instant)
    .addOption(
      new Option('--severity <level>', 'findings of at least this').choices(levels).default('low' as Level),
    )
    .action(analyse);
}
