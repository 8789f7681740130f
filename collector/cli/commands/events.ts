import { setTimeout as sleep } from 'node:timers/promises';
import { Command, Option } from 'commander';
import { parseFilter } from '#shared/filter/parse.ts';
import { problemError } from '#shared/filter/problem.ts';
import { printJson } from '#shared/output.ts';
import type { EventJson } from '../../api/json/event.ts';
import type { Client, Query } from '../client.ts';
import { columnList, type EventColumn } from '../events/columns.ts';
import { fieldsCommand } from '../events/fields.ts';
import {
  type Format,
  formats,
  type OutputOptions,
  objectOf,
  printEvent,
  printEvents,
  printHead,
} from '../events/output.ts';
import { type ZoneTime, zoneTime } from '../events/zone.ts';
import {
  addQueryOptions,
  clientOf,
  instant,
  type QueryOptions,
  repeated,
  several,
  wholeNumber,
} from '../options.ts';

interface Options extends QueryOptions {
  readonly type?: readonly string[];
  readonly host?: string;
  readonly since?: string;
  readonly until?: string;
  readonly where?: readonly string[];
  readonly text?: string;
  readonly limit: number;
  readonly follow?: boolean;
  readonly format?: Format;
  readonly columns?: readonly EventColumn[];
  readonly zone?: ZoneTime;
}
interface EventPage {
  readonly items: readonly EventJson[];
  readonly next: string | null;
}

const followMs = 250;
const pageSize = 500;
/** Ids of followed events that are remembered, so that none that comes again is printed again. */
const maxRemembered = 20_000;

function outputOf({ json, format, columns, zone }: Options): OutputOptions {
  return { format: format ?? (json ? 'jsonl' : 'table'), columns, time: zone ?? zoneTime('local') };
}

/** The parameters of the search; a filter that cannot be read is refused before anybody is asked. */
function queryOf(words: readonly string[], options: Options): Query {
  const { type, host, since, until, where, text: q } = options;
  const filter = words.join(' ');
  const parsed = parseFilter(filter);
  if (!parsed.ok) throw problemError(parsed.problem);
  return { type, host, since, until, where, q, filter: filter === '' ? undefined : filter };
}

/** Newest events up to `limit`, over as many pages as it takes. */
async function fetchNewest(client: Client, query: Query, most: number): Promise<EventJson[]> {
  const items: EventJson[] = [];
  for (let cursor: string | undefined; items.length < most; ) {
    const limit = Math.min(pageSize, most - items.length);
    const page = await client.get<EventPage>('/events', { ...query, limit, cursor });
    items.push(...page.items);
    if (page.next === null) break;
    cursor = page.next;
  }
  return items;
}

/** Forgets the oldest of what it remembers. */
class Remembered {
  readonly #ids = new Set<string>();

  /** Whether it is new. */
  add(id: string): boolean {
    if (this.#ids.has(id)) return false;
    this.#ids.add(id);
    if (this.#ids.size > maxRemembered) this.#ids.delete(this.#ids.values().next().value as string);
    return true;
  }
}

async function follow(client: Client, query: Query, output: OutputOptions): Promise<void> {
  const printed = new Remembered();
  printHead(output);
  for (let cursor: string | undefined; ; ) {
    const page: EventPage = await client.get('/events', {
      ...query,
      order: 'arrival',
      limit: pageSize,
      cursor,
    });
    for (const event of page.items) if (printed.add(event['event.id'])) printEvent(event, output);
    cursor = page.next ?? undefined;
    if (page.items.length < pageSize) await sleep(followMs);
  }
}

const help = `
Examples:
  vedette events process.name:curl --since 2h
  vedette events 'type:network.connection destination.ip:10.0.0.0/8 not destination.port:(443, 80)'
  vedette events 'CommandLine:"*base64 -d*" and user.name:root' --columns time,host,user.name,CommandLine
  vedette events 'host:web-* process.pid:>1000' --follow

The language: docs/searching.md. Types and fields: vedette events fields, docs/reference/events.md.
With --json and --follow, one object a line. Put the filter in quotes, so that the shell leaves it alone.`;

export function eventsCommand(): Command {
  return addQueryOptions(new Command('events').description('stored events, newest first'))
    .argument('[filter...]', 'what must hold, e.g. process.name:curl and not user.name:root')
    .option('--type <types>', 'event types, comma separated', several)
    .option('--host <host>', 'events of this host, by name or id')
    .option('--since <when>', 'not before, e.g. 15m, 2h, 7d or 2026-01-31T12:00:00Z', instant)
    .option('--until <when>', 'not after', instant)
    .option(
      '--where <test>',
      'field:eq:value, field:ne:value, field:contains:value or field:exists; repeat for more',
      repeated,
    )
    .option('--text <words>', 'in any field')
    .option('--limit <n>', 'most events', wholeNumber(1, 100_000), 50)
    .option(
      '--columns <names>',
      'fields to show, comma separated; also time, host, type and what',
      columnList,
    )
    .addOption(new Option('--format <form>', 'how to print them').choices(formats))
    .option(
      '--zone <zone>',
      'time zone of tables: local (the default), utc or a name like Europe/Berlin',
      zoneTime,
    )
    .option('--follow', 'print events as they arrive, until interrupted')
    .addHelpText('after', help)
    .addCommand(fieldsCommand())
    .action(async (words: readonly string[], options: Options) => {
      const query = queryOf(words, options);
      const client = clientOf(options);
      const output = outputOf(options);
      if (options.follow) return follow(client, query, output);
      const events = await fetchNewest(client, query, options.limit);
      const { columns } = options;
      if (options.json && options.format === undefined)
        printJson(columns === undefined ? events : events.map((event) => objectOf(event, columns)));
      else printEvents(output.format === 'table' ? events.reverse() : events, output);
    });
}
