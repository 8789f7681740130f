import { Command } from 'commander';
import { VedetteError } from '#shared/errors.ts';
import { bytes, print, printJson, shortTime } from '#shared/output.ts';
import { printable } from '#shared/terminal.ts';
import type { RetentionJson, RetentionPreviewJson } from '../../api/resources/retention.ts';
import { addQueryOptions, clientOf, type QueryOptions, several, wholeNumber } from '../options.ts';

const path = '/settings/retention';
type Retention = RetentionJson['inForce'];
type Goes = RetentionJson['goes'];

const origins = { set: 'set here', configured: 'from collector.json', default: 'as usual' } as const;
const daysWords = (days: number) => (days === 0 ? 'until room runs out' : `${days} days`);

function typesWords(daysByType: Retention['daysByType']): string {
  const types = Object.entries(daysByType).map(([type, days]) => `${type} ${daysWords(days)}`);
  return types.length === 0 ? 'none' : types.join(', ');
}

function goesWords({ events, segments, sizeBytes, keptSince }: Goes): string {
  if (events === 0) return 'nothing';
  const rest = keptSince === null ? 'nothing sealed stays' : `events since ${shortTime(keptSince)} stay`;
  return `${events} events in ${segments} segments (${bytes(sizeBytes)}); ${rest}`;
}

function show(state: RetentionJson, { json }: QueryOptions): void {
  if (json) {
    printJson(state);
    return;
  }
  const { inForce, from, goes, changedAt, changedBy } = state;
  const { maxBytes } = inForce;
  print(`events are kept   ${daysWords(inForce.days)}  (${origins[from.days]})`);
  print(`but of types      ${typesWords(inForce.daysByType)}  (${origins[from.daysByType]})`);
  print(`in at most        ${maxBytes === 0 ? 'any room' : bytes(maxBytes)}  (${origins[from.maxBytes]})`);
  print(`goes next         ${goesWords(goes)}`);
  if (changedAt !== null && changedBy !== null)
    print(printable(`changed           ${shortTime(changedAt)} by ${changedBy}`));
}

interface SetOptions extends QueryOptions {
  readonly days?: number;
  readonly type?: readonly string[];
  readonly maxBytes?: number;
  readonly asConfigured?: boolean;
  readonly preview?: boolean;
  readonly mayDelete?: number;
}

function typesOf(settings: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    settings.map((setting) => {
      const [, type, days] = /^([a-z._]+)=(\d{1,5})$/.exec(setting) ?? [];
      if (type === undefined) throw new VedetteError('usage.invalid', `${setting} is not TYPE=DAYS.`);
      return [type, Number(days)];
    }),
  );
}

/** What is set, with what is asked put over it; nothing where all is to be as configured. */
function changeOf(options: SetOptions, { inForce, from }: RetentionJson): Partial<Retention> {
  if (options.asConfigured === true) return {};
  const { days, type, maxBytes } = options;
  return {
    ...(from.days === 'set' && { days: inForce.days }),
    ...(from.daysByType === 'set' && { daysByType: inForce.daysByType }),
    ...(from.maxBytes === 'set' && { maxBytes: inForce.maxBytes }),
    ...(days !== undefined && { days }),
    ...(type !== undefined && { daysByType: typesOf(type) }),
    ...(maxBytes !== undefined && { maxBytes }),
  };
}

async function set(_: unknown, command: Command): Promise<void> {
  const options = command.optsWithGlobals<SetOptions>();
  const { days, type, maxBytes, asConfigured, mayDelete } = options;
  const isAny = days !== undefined || type !== undefined || maxBytes !== undefined;
  if (isAny === (asConfigured === true))
    throw new VedetteError('usage.invalid', 'Give --days, --type or --max-bytes, or --as-configured alone.');
  const client = clientOf(options);
  const change = changeOf(options, await client.get<RetentionJson>(path));
  const preview = await client.call<RetentionPreviewJson>('POST', `${path}/preview`, {}, change);
  if (options.preview === true) {
    if (options.json) printJson(preview);
    else print(`would go at once  ${goesWords(preview.goes)}`);
    return;
  }
  if (preview.isShorter && mayDelete === undefined)
    throw new VedetteError(
      'retention.unconfirmed',
      `At once would go: ${goesWords(preview.goes)}. If that is meant, add --may-delete ${preview.goes.events}.`,
    );
  const body = { ...change, ...(mayDelete !== undefined && { mayDeleteEvents: mayDelete }) };
  show(await client.call<RetentionJson>('PUT', path, {}, body), options);
}

export function retentionCommand(): Command {
  const retention = addQueryOptions(new Command('retention').description('how long events are kept'));
  const showIt = async (_: unknown, command: Command) => {
    const options = command.optsWithGlobals<QueryOptions>();
    show(await clientOf(options).get<RetentionJson>(path), options);
  };
  retention.action(showIt);
  addQueryOptions(retention.command('show').description('what holds, and what goes next')).action(showIt);
  addQueryOptions(retention.command('set').description('change it; it takes force within a minute'))
    .option('--days <n>', 'days events are kept; 0 until room runs out', wholeNumber(0, 36_500))
    .option('--type <list>', 'other days for these types and no others, each as TYPE=DAYS', several)
    .option('--max-bytes <n>', 'bytes of segments; 0 for no bound', wholeNumber(0, 2 ** 50))
    .option('--as-configured', 'forget what was set; collector.json holds again')
    .option('--preview', 'only say what would go')
    .option(
      '--may-delete <events>',
      'that so many events may be deleted at once; nothing is set if it were more',
      wholeNumber(0, Number.MAX_SAFE_INTEGER),
    )
    .addHelpText(
      'after',
      '\nWhat keeps events for less long is refused without --may-delete, and says how many would go.',
    )
    .action(set);
  return retention;
}
