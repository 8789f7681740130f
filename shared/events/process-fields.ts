import type { FieldSpec } from '../schema/spec.ts';

/** The process that did something, for events that are about what it did. */
export const actorFields = {
  'process.pid': { type: 'int', sigma: ['ProcessId'], doc: 'Process that did it.' },
  'process.entity_id': {
    type: 'keyword',
    max: 64,
    indexed: true,
    sigma: ['ProcessGuid'],
    doc: 'Identity of that process.',
  },
  'process.name': { type: 'keyword', max: 256, doc: 'Short name of that process.' },
  'process.executable': {
    type: 'keyword',
    max: 4096,
    sigma: ['Image'],
    doc: "Path of that process's program.",
  },
  'process.command_line': { type: 'text', sigma: ['CommandLine'], doc: "That process's arguments." },
  'process.parent.executable': {
    type: 'keyword',
    max: 4096,
    sigma: ['ParentImage'],
    doc: "Path of that process's parent's program.",
  },
  'user.id': { type: 'keyword', max: 32, doc: 'User id of that process.' },
  'user.name': { type: 'keyword', max: 256, sigma: ['User'], doc: 'User of that process.' },
} as const satisfies Record<string, FieldSpec>;
