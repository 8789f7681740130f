/** A process tree as text. */
import type { EventJson } from '../../api/json/event.ts';
import type { TreeJson, TreeProcessJson } from '../../api/json/tree.ts';
import { summary } from '../events/columns.ts';
import type { ZoneTime } from '../events/zone.ts';

const how: Readonly<Record<TreeProcessJson['sighting'], string>> = {
  started: '',
  forked: 'forked',
  running: 'ran already at the first look',
  acted: 'start not seen',
  told: 'never seen, told of by its child',
};

/** What a process ran last, as it was called. */
function programOf({ programs, name }: TreeProcessJson): string {
  const last = programs.at(-1);
  return last?.commandLine ?? last?.executable ?? name ?? 'unknown';
}

function facts(process: TreeProcessJson, time: ZoneTime): string {
  const { startedAt, endedAt, exitCode, user, sighting } = process;
  const end = endedAt === null ? [] : [`ended ${time(endedAt)}`];
  const code = exitCode === null ? [] : [`exit ${exitCode}`];
  const words = [
    ...(user === null ? [] : [user]),
    ...(startedAt === null ? [] : [time(startedAt)]),
    ...end,
    ...code,
    ...(how[sighting] === '' ? [] : [how[sighting]]),
  ];
  return words.length === 0 ? '' : `  [${words.join(', ')}]`;
}

const eventLine = (event: EventJson, time: ZoneTime) =>
  `${time(event['@timestamp'])} ${event['event.dataset']} ${summary(event)}`;

/** The branches before a process: which of its ancestors have more children to come. */
function branches(tree: TreeJson): ReadonlyMap<string, { readonly own: string; readonly below: string }> {
  const lastChild = new Map<string | null, string>();
  for (const { key, parentKey } of tree.processes) lastChild.set(parentKey, key);
  const found = new Map<string, { own: string; below: string }>();
  for (const { key, parentKey } of tree.processes) {
    const parent = parentKey === null ? undefined : found.get(parentKey);
    const isLast = lastChild.get(parentKey) === key;
    if (parent === undefined) found.set(key, { own: '', below: '' });
    else
      found.set(key, {
        own: `${parent.below}${isLast ? '└─ ' : '├─ '}`,
        below: `${parent.below}${isLast ? '   ' : '│  '}`,
      });
  }
  return found;
}

/** An indented tree, what each process did under it; the process that was asked for is marked. */
export function treeLines(tree: TreeJson, time: ZoneTime): string[] {
  const at = branches(tree);
  return tree.processes.flatMap((process) => {
    const { own = '', below = '' } = at.get(process.key) ?? {};
    const mark = process.relation === 'subject' ? ' ◄' : '';
    const hasChildren = tree.processes.some(({ parentKey }) => parentKey === process.key);
    const line = `${own}${process.pid ?? '?'} ${programOf(process)}${facts(process, time)}${mark}`;
    const earlier = process.programs
      .slice(0, -1)
      .map((program) => `ran before: ${program.commandLine ?? program.executable}`);
    const under = [...earlier, ...process.events.map((event) => eventLine(event, time))];
    return [line, ...under.map((text) => `${below}${hasChildren ? '│ ' : '  '}· ${text}`)];
  });
}

export interface TimelineEntry {
  readonly at: string;
  readonly pid: number | null;
  readonly process: string;
  readonly what: string;
}

/** Everything the tree knows, one thing a line, in the order of time. */
export function timelineOf(tree: TreeJson): TimelineEntry[] {
  const entries = tree.processes.flatMap((process): TimelineEntry[] => {
    const { pid, programs, endedAt, exitCode, events, startedAt } = process;
    const base = { pid, process: process.name ?? programOf(process) };
    const isTold = process.sighting === 'told';
    const ran = isTold
      ? []
      : programs.map(({ at, commandLine, executable }, i) => ({
          ...base,
          at: process.sighting === 'running' && i === 0 && startedAt !== null ? startedAt : at,
          what: `runs ${commandLine ?? executable}`,
        }));
    const ended =
      endedAt === null
        ? []
        : [{ ...base, at: endedAt, what: exitCode === null ? 'ends' : `ends, exit ${exitCode}` }];
    const did = events.map((event) => ({
      ...base,
      at: event['@timestamp'],
      what: `${event['event.dataset']} ${summary(event)}`,
    }));
    return [...ran, ...did, ...ended];
  });
  return entries.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

/** What the tree leaves out, in words; undefined when nothing. */
export function leftOutWords({ leftOut }: TreeJson): string | undefined {
  const words = Object.entries(leftOut)
    .filter(([, { count, isAtLeast }]) => count > 0 || isAtLeast)
    .map(([what, { count, isAtLeast }]) => `${isAtLeast ? 'at least ' : ''}${count} ${what}`);
  return words.length === 0 ? undefined : `Left out for the bounds: ${words.join(', ')}.`;
}
