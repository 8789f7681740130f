import { once } from 'node:events';
import { Command, InvalidArgumentError } from 'commander';
import { printJsonLine } from '#shared/output.ts';
import type { Logsource } from '#shared/schema/spec.ts';
import { printable } from '#shared/terminal.ts';
import type { EvaluationStats } from '../../rules/evaluate.ts';
import { repeated, wholeNumber } from '../options.ts';

interface Options {
  readonly rules: readonly string[];
  readonly events: string;
  readonly logsource?: Logsource;
  readonly pipeline?: readonly string[];
  readonly lists?: readonly string[];
  readonly timeField?: readonly string[];
  readonly limit?: number;
  readonly stats?: boolean;
  readonly json?: boolean;
}

/** Bad documents told one by one; the others are only counted. */
const mostTold = 100;

/** `category=a,product=b,service=c`, any of them. */
function logsource(text: string): Logsource {
  const parts: Record<string, string> = {};
  for (const part of text.split(',')) {
    const [name = '', value = '', more] = part.trim().split('=');
    if (!['category', 'product', 'service'].includes(name) || value === '' || more !== undefined)
      throw new InvalidArgumentError('It must be like category=process_creation,product=windows.');
    parts[name] = value.toLowerCase();
  }
  return parts;
}

function say(text: string): void {
  process.stderr.write(`${printable(text)}\n`);
}

function summary(stats: EvaluationStats): string {
  const { documents, bad, matches, firings, rules, refused, leftOut, untimed, seconds } = stats;
  return [
    `${documents} documents, ${bad} bad; ${matches} matches, ${firings} correlations`,
    `${rules} rules, ${refused} refused, ${leftOut} no pipeline is for; ${untimed} events without a time`,
    `${seconds.toFixed(2)} s, ${Math.round(stats.eventsPerSecond)} events/s`,
  ].join('; ');
}

export function rulesEvalCommand(): Command {
  return new Command('eval')
    .description('run rules over events in JSON, without a collector; prints one JSON object a line')
    .requiredOption('--rules <paths...>', 'rule files and folders')
    .requiredOption('--events <file>', 'JSON lines, a JSON list, or documents one after another; - is stdin')
    .option('--logsource <parts>', 'only rules about category=…,product=…,service=…', logsource)
    .option('--pipeline <name|file>', 'apply a processing pipeline to the rules; may be repeated', repeated)
    .option('--lists <dir>', 'folder of value lists for placeholders; may be repeated', repeated)
    .option('--time-field <name>', 'field that says when an event happened; may be repeated', repeated)
    .option('--limit <n>', 'stop after so many lines', wholeNumber(1, 1e9))
    .option('--stats', 'say at the end what was read and found, on stderr; with --json as the last line')
    .option('--json', 'errors, too, as JSON')
    .addHelpText(
      'after',
      '\nWith pipelines and without --logsource, rules that no pipeline is for are left out.\nExits 1 when there is no rule to run or the events cannot be read. Refused rules and bad documents are told on stderr and passed over.',
    )
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { evaluate } = await import('../../rules/evaluate.ts');
  const { rules, events, pipeline: pipelines = [], lists: listFolders = [] } = options;
  const { timeField: timeFields, limit = Number.POSITIVE_INFINITY } = options;
  let told = 0;
  const stats = await evaluate(
    { rules, events, pipelines, listFolders, timeFields, limit, logsource: options.logsource },
    {
      onLine: printJsonLine,
      taken: async () => process.stdout.writableNeedDrain && (await once(process.stdout, 'drain')),
      onProblem: (p) => {
        say(`${p.file}:${p.line}:${p.column}: ${p.code}: ${p.message} ${p.action}`);
        if (p.code === 'rule.unreadable') process.exitCode = 1;
      },
      onBad: ({ number, line, code, message }) => {
        if (++told <= mostTold) say(`${events}:${line}: document ${number}: ${code}: ${message}`);
      },
      onProgress: ({ documents, matches }) => say(`${documents} documents, ${matches} matches so far`),
    },
  );
  if (told > mostTold) say(`${events}: ${told - mostTold} more bad documents`);
  if (options.stats && options.json) printJsonLine({ stats });
  else if (options.stats) say(summary(stats));
}
