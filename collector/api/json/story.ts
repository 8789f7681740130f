import { storyTree } from '../../alerts/story-tree.ts';
import { type Alert, levels, type Story } from '../../store/contract.ts';
import { toIso, toIsoOrNull } from '../instants.ts';
import { array, count, type FromSchema, instant, nullable, object, oneOf, text } from '../schema.ts';

export const storySchema = object({
  id: { type: 'string', description: 'Of its earliest alert. Ids it had before lead to it.' },
  title: text,
  level: oneOf(levels, 'Of its worst alert.'),
  confidence: { ...count, description: 'Percent that any of its rules is right.' },
  tactics: array(text, 'Of ATT&CK, in the order in which they were first seen.'),
  hosts: array(object({ id: text, name: text })),
  users: array(text),
  rules: array(text, 'Titles, in the order in which they first hit.'),
  firstEventAt: instant,
  lastEventAt: instant,
  alerts: count,
  beyond: { ...count, description: 'Alerts that belong to it and that it has no room for.' },
  events: count,
  open: { ...count, description: 'Alerts that are not closed.' },
});
export type StoryJson = FromSchema<typeof storySchema>;

export const storyTreeSchema = object({
  processes: array(
    object({
      hostName: text,
      entityId: nullable(text),
      pid: nullable({ type: 'integer' }),
      name: nullable(text),
      user: nullable(text),
      commandLine: nullable(text),
      startedAt: nullable(instant),
      depth: count,
      alertIds: array(text, 'Alerts about it.'),
    }),
    'Each after its parent, as they were when the alerts were raised.',
  ),
  leftOut: count,
});
export type StoryTreeJson = FromSchema<typeof storyTreeSchema>;

export function storyTreeJson(alerts: readonly Alert[]): StoryTreeJson {
  const { processes, leftOut } = storyTree(alerts);
  return {
    processes: processes.map((one) => ({ ...one, startedAt: toIsoOrNull(one.startedAt) })),
    leftOut,
  };
}

export function storyJson(story: Story): StoryJson {
  const { firstEventAt, lastEventAt, ...rest } = story;
  return { ...rest, firstEventAt: toIso(firstEventAt), lastEventAt: toIso(lastEventAt) };
}
