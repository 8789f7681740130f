import { type ProcessTree, relations, sightings, type TreeProcess } from '../../tree/contract.ts';
import { toIso, toIsoOrNull } from '../instants.ts';
import { array, count, type FromSchema, instant, nullable, object, oneOf, text } from '../schema.ts';
import { type EventJson, eventJson, eventSchema } from './event.ts';

const programSchema = object({
  at: instant,
  executable: nullable(text),
  commandLine: nullable(text),
  eventId: text,
});

const leftOutSchema = object({
  count,
  isAtLeast: { type: 'boolean', description: 'There may be more than were counted.' },
});

const processSchema = object({
  key: { type: 'string', description: 'Unique in the tree.' },
  parentKey: nullable(text),
  relation: oneOf(relations, 'To the process that was asked for, which is the subject.'),
  depth: { ...count, description: '0 for the furthest ancestor.' },
  pid: nullable({ type: 'integer' }),
  entityId: nullable(text),
  name: nullable(text),
  user: nullable(text),
  sighting: oneOf(
    sightings,
    'How it is known: its start or fork was seen, it ran at the first look, something it did was seen, or only its child tells of it.',
  ),
  startedAt: nullable(instant),
  endedAt: nullable(instant),
  exitCode: nullable({ type: 'integer' }),
  programs: array(programSchema, 'What it ran, in order.'),
  events: array(eventSchema, 'What it did besides, in the order of time.'),
});

export const treeSchema = object({
  hostId: text,
  hostName: text,
  subjectKey: text,
  since: { ...instant, description: 'Descendants and events were looked for from here on.' },
  until: { ...instant, description: 'And up to here.' },
  processes: array(processSchema, 'Parents before children, siblings by start.'),
  leftOut: object({ processes: leftOutSchema, events: leftOutSchema }),
});

type Json = FromSchema<typeof treeSchema>;
export type TreeProcessJson = Omit<Json['processes'][number], 'events'> & {
  readonly events: readonly EventJson[];
};
export type TreeJson = Omit<Json, 'processes'> & { readonly processes: readonly TreeProcessJson[] };

function processJson(process: TreeProcess): TreeProcessJson {
  return {
    ...process,
    startedAt: toIsoOrNull(process.startedAt),
    endedAt: toIsoOrNull(process.endedAt),
    programs: process.programs.map((program) => ({ ...program, at: toIso(program.at) })),
    events: process.events.map(eventJson),
  };
}

export function treeJson(tree: ProcessTree): TreeJson {
  return {
    ...tree,
    since: toIso(tree.since),
    until: toIso(tree.until),
    processes: tree.processes.map(processJson),
  };
}
