import { defineEvent } from '../schema/spec.ts';
import { actorFields } from './process-fields.ts';

export const processAccess = defineEvent({
  name: 'process.access',
  doc: 'A process took hold of another: attached to it as a debugger does, or wrote into its memory.',
  logsource: { category: 'process_access' },
  priority: 'high',
  fields: {
    'event.action': {
      type: 'keyword',
      required: true,
      values: ['ptrace-attach', 'ptrace-seize', 'memory-write'],
      doc: 'What it did.',
    },
    'event.outcome': {
      type: 'keyword',
      values: ['success', 'failure'],
      doc: 'Whether the target is traced by it, where that could still be seen.',
    },
    'process.target.pid': {
      type: 'int',
      required: true,
      sigma: ['TargetProcessId'],
      doc: 'Process it was done to.',
    },
    'process.target.entity_id': {
      type: 'keyword',
      max: 64,
      indexed: true,
      sigma: ['TargetProcessGUID'],
      doc: 'Identity of that process.',
    },
    'process.target.name': { type: 'keyword', max: 256, doc: 'Short name of that process.' },
    'process.target.executable': {
      type: 'keyword',
      max: 4096,
      sigma: ['TargetImage'],
      doc: 'Path of its program.',
    },
    'process.target.user.name': { type: 'keyword', max: 256, sigma: ['TargetUser'], doc: 'Its user.' },
    ...actorFields,
    'process.pid': { ...actorFields['process.pid'], sigma: ['SourceProcessId', 'ProcessId'] },
    'process.executable': { ...actorFields['process.executable'], sigma: ['SourceImage', 'Image'] },
  },
});
