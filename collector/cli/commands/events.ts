import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { print, printJson, printJsonLine, printTable, shortTime } from '#shared/output.ts';
import { printable } from '#shared/terminal.ts';
import type { EventJson } from '../../api/json/event.ts';
import type { Client, Query } from '../client.ts';
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
}
interface EventPage {
  readonly items: readonly EventJson[];
  readonly next: string | null;
}

const followMs = 250;
const pageSize = 500;
/** What tells most of an event of any type in one line, in this order. */
const telling = [
  'event.action',
  'process.command_line',
  'process.name',
  'source.ip',
  'source.port',
  'destination.ip',
  'destination.port',
  'device.name',
  'device.kind',
  'package.name',
  'package.version',
  'user.name',
  'group.name',
  'loss.count',
  'loss.reason',
];

function summary(event: EventJson): string {
  const has = (name: string) => event[name] !== undefined;
  return telling
    .filter((name) => has(name) && !(name === 'process.name' && has('process.command_line')))
    .map((name) => String(event[name]))
    .join(' ');
}

const columns = [
  { title: 'time', of: (e: EventJson) => shortTime(e['@timestamp']) },
  { title: 'host', of: (e: EventJson) => e['host.name'] },
  { title: 'type', of: (e: EventJson) => e['event.dataset'] },
  { title: 'what', of: summary, flexible: true as const },
];

function queryOf(options: Options): Query {
  const { type, host, since, until, where, text: q } = options;
  return { type, host, since, until, where, q };
}

/** Newest events up to `limit`, over as many pages as it takes. */
async function fetchNewest(client: Client, options: Options): Promise<EventJson[]> {
  const items: EventJson[] = [];
  for (let cursor: string | undefined; items.length < options.limit; ) {
    const limit = Math.min(pageSize, options.limit - items.length);
    const page = await client.get<EventPage>('/events', { ...queryOf(options), limit, cursor });
    items.push(...page.items);
    if (page.next === null) break;
    cursor = page.next;
  }
  return items;
}

async function follow(client: Client, options: Options): Promise<void> {
  for (let cursor: string | undefined; ; ) {
    const page: EventPage = await client.get('/events', {
      ...queryOf(options),
      order: 'arrival',
      limit: pageSize,
      cursor,
    });
    for (const event of page.items) {
      if (options.json) printJsonLine(event);
      else print(printable(columns.map((c) => c.of(event)).join('  ')));
    }
    cursor = page.next ?? undefined;
    if (page.items.length < pageSize) await sleep(followMs);
  }
}

export function eventsCommand(): Command {
  return addQueryOptions(new Command('events').description('stored events, newest first'))
    .option('--type <types>', 'event types, comma separated', several)
    .option('--host <id>', 'events of this host')
    .option('--since <when>', 'not before, e.g. 15m, 2h, 7d or 2026-01-31T12:00:00Z', instant)
    .option('--until <when>', 'not after', instant)
    .option(
      '--where <test>',
      'field:eq:value, field:ne:value, field:contains:value or field:exists; repeat for more',
      repeated,
    )
    .option('--text <words>', 'in any field')
    .option('--limit <n>', 'most events', wholeNumber(1, 100_000), 50)
    .option('--follow', 'print events as they arrive, until interrupted')
    .addHelpText(
      'after',
      '\nTypes and fields: docs/reference/events.md. With --json and --follow, one object a line.',
    )
    .action(async (options: Options) => {
      const client = clientOf(options);
      if (options.follow) return follow(client, options);
      const events = await fetchNewest(client, options);
      if (options.json) printJson(events);
      else printTable(columns, events.reverse(), 'No event matches.');
    });
}
