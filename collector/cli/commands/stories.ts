import { Command } from 'commander';
import { print, printJson, printTable, shortTime } from '#shared/output.ts';
import { printable } from '#shared/terminal.ts';
import type { AlertJson } from '../../api/json/alert.ts';
import type { StoryJson, StoryTreeJson } from '../../api/json/story.ts';
import { processLines } from '../alerts/process-lines.ts';
import { addQueryOptions, clientOf, instant, type QueryOptions, wholeNumber } from '../options.ts';

interface ListOptions extends QueryOptions {
  readonly since?: string;
  readonly minAlerts: number;
  readonly limit: number;
  readonly cursor?: string;
}

interface StoryAnswer {
  readonly story: StoryJson;
  readonly alerts: readonly AlertJson[];
  readonly tree: StoryTreeJson;
}

async function list(options: ListOptions): Promise<void> {
  const { since, minAlerts, limit, cursor } = options;
  const page = await clientOf(options).get<{
    readonly items: readonly StoryJson[];
    readonly next: string | null;
  }>('/stories', { since, minAlerts, limit, cursor });
  if (options.json) {
    printJson(page);
    return;
  }
  printTable<StoryJson>(
    [
      { title: 'last', of: ({ lastEventAt }) => shortTime(lastEventAt) },
      { title: 'level', of: ({ level }) => level },
      { title: 'sure', of: ({ confidence }) => `${confidence} %`, align: 'right' },
      { title: 'alerts', of: ({ alerts }) => String(alerts), align: 'right' },
      { title: 'open', of: ({ open }) => String(open), align: 'right' },
      { title: 'story', of: ({ title }) => title, flexible: true },
      { title: 'id', of: ({ id }) => id },
    ],
    page.items,
    'No story matches.',
  );
  if (page.next !== null) print(`More: --cursor ${page.next}`);
}

async function show(id: string, _: unknown, command: Command): Promise<void> {
  const options = command.optsWithGlobals<QueryOptions>();
  const answer = await clientOf(options).get<StoryAnswer>(`/stories/${encodeURIComponent(id)}`);
  if (options.json) printJson(answer);
  else showStory(answer);
}

function showStory({ story, alerts, tree }: StoryAnswer): void {
  const line = (name: string, value: string) => print(`${name.padEnd(11)} ${printable(value)}`);
  print(printable(`${story.level.toUpperCase()} ${story.title}`));
  print('');
  line('when', `${shortTime(story.firstEventAt)} to ${shortTime(story.lastEventAt)}`);
  line('confidence', `${story.confidence} % that any of its rules is right`);
  line('hosts', story.hosts.map(({ name }) => name).join(', '));
  if (story.users.length > 0) line('users', story.users.join(', '));
  if (story.tactics.length > 0)
    line('tactics', story.tactics.map((name) => name.replaceAll('-', ' ')).join(', then '));
  line('alerts', `${story.alerts}, ${story.open} of them not closed, of ${story.events} events`);
  if (story.beyond > 0) line('', `${story.beyond} more belong to it and are not shown`);
  if (tree.processes.length > 0) {
    print('');
    const byHost = Map.groupBy(tree.processes, ({ hostName }) => hostName);
    for (const [hostName, processes] of byHost) {
      print(printable(`processes on ${hostName}`));
      for (const text of processLines(processes)) print(printable(`  ${text}`));
    }
    if (tree.leftOut > 0) print(`  and ${tree.leftOut} more`);
  }
  print('');
  printTable<AlertJson>(
    [
      { title: 'first event', of: ({ firstEventAt }) => shortTime(firstEventAt) },
      { title: 'level', of: ({ level }) => level },
      { title: 'host', of: ({ hostName }) => hostName },
      { title: 'n', of: ({ count }) => String(count), align: 'right' },
      { title: 'what', of: ({ reason }) => reason, flexible: true },
      { title: 'alert', of: ({ id }) => id },
    ],
    alerts,
    'It has no alerts any more.',
  );
}

export function storiesCommand(): Command {
  const stories = new Command('stories').description('alerts that belong together, as stories');
  addQueryOptions(
    stories.command('list', { isDefault: true }).description('stories, newest first (the default)'),
  )
    .option('--since <when>', 'whose last event was since, e.g. 2h, 7d', instant)
    .option('--min-alerts <n>', 'of that many alerts or more', wholeNumber(1, 500), 2)
    .option('--limit <n>', 'most stories', wholeNumber(1, 200), 50)
    .option('--cursor <text>', 'what follows an earlier list')
    .action(list);
  addQueryOptions(
    stories
      .command('show <id>')
      .description('one story: its processes, and what happened in the order of time'),
  ).action(show);
  return stories;
}
