import { Command } from 'commander';
import { VedetteError } from '#shared/errors.ts';
import { print, printJson, printTable } from '#shared/output.ts';
import { printable } from '#shared/terminal.ts';
import type { TreeJson } from '../../api/json/tree.ts';
import { type ZoneTime, zoneTime } from '../events/zone.ts';
import {
  addQueryOptions,
  clientOf,
  instant,
  lifeSeconds,
  type QueryOptions,
  wholeNumber,
} from '../options.ts';
import { leftOutWords, type TimelineEntry, timelineOf, treeLines } from '../tree/lines.ts';

interface Options extends QueryOptions {
  readonly alert?: string;
  readonly host?: string;
  readonly pid?: number;
  readonly at?: string;
  readonly entity?: string;
  readonly range?: number;
  readonly processes?: number;
  readonly events?: number;
  readonly timeline?: boolean;
  readonly zone?: ZoneTime;
}

const help = `
Examples:
  vedette tree --alert 6f1c2a...
  vedette tree --host web-1 --pid 4711 --at 2026-01-31T12:00:00Z
  vedette tree --entity 8d0f... --timeline

A pid is used again and again: the one that had it at that time is meant. See docs/searching.md.`;

function checkSubject({ alert, entity, pid, host, at }: Options): void {
  if ([alert, entity, pid].filter((one) => one !== undefined).length !== 1)
    throw new VedetteError('usage.invalid', 'Name one of --alert, --entity and --pid.');
  if (pid !== undefined && (host === undefined || at === undefined))
    throw new VedetteError('usage.invalid', '--pid needs --host and --at.');
}

function show(tree: TreeJson, { timeline, zone }: Options): void {
  const time = zone ?? zoneTime('local');
  print(printable(`${tree.hostName}: what happened from ${time(tree.since)} to ${time(tree.until)}`));
  if (timeline) {
    const columns = [
      { title: 'time', of: ({ at }: TimelineEntry) => time(at) },
      { title: 'pid', of: ({ pid }: TimelineEntry) => String(pid ?? '?'), align: 'right' as const },
      { title: 'process', of: (entry: TimelineEntry) => entry.process },
      { title: 'what', of: ({ what }: TimelineEntry) => what, flexible: true as const },
    ];
    printTable(columns, timelineOf(tree), 'Nothing is known of it.');
  } else for (const line of treeLines(tree, time)) print(printable(line));
  const left = leftOutWords(tree);
  if (left !== undefined) print(left);
}

export function treeCommand(): Command {
  return addQueryOptions(
    new Command('tree').description('a process with its ancestors, its descendants and what they did'),
  )
    .option('--alert <id>', 'the process of this alert')
    .option('--host <host>', 'host, by name or id')
    .option('--pid <n>', 'the process that had this pid, with --host and --at', wholeNumber(0, 2 ** 31))
    .option('--at <when>', 'when it ran, e.g. 15m or 2026-01-31T12:00:00Z', instant)
    .option('--entity <id>', 'the process of this process.entity_id')
    .option(
      '--range <time>',
      'how long before and after to look for descendants and events, e.g. 2h (default: 24h)',
      rangeSeconds,
    )
    .option('--processes <n>', 'most descendants (default: 200)', wholeNumber(1, 2000))
    .option('--events <n>', 'most events (default: 500)', wholeNumber(1, 5000))
    .option('--timeline', 'one line for each thing that happened, in the order of time')
    .option('--zone <zone>', 'time zone: local (the default), utc or a name like Europe/Berlin', zoneTime)
    .addHelpText('after', help)
    .action(async (options: Options) => {
      checkSubject(options);
      const { alert, host, pid, at, entity, range, processes, events } = options;
      const query = { alert, host, pid, at, entity, range, processes, events };
      const tree = await clientOf(options).get<TreeJson>('/tree', query);
      if (!options.json) show(tree, options);
      else printJson(options.timeline ? timelineOf(tree) : tree);
    });
}

const rangeSeconds = lifeSeconds(1, 31 * 86_400);
