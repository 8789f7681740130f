import { defineEvent } from '../schema/spec.ts';
import { actorFields } from './process-fields.ts';

export const processIdentity = defineEvent({
  name: 'process.identity',
  doc: 'A process changed its user or its group, or tried to (setuid and its family).',
  logsource: { category: 'process_identity' },
  priority: 'high',
  fields: {
    'event.action': {
      type: 'keyword',
      required: true,
      values: ['setuid', 'setreuid', 'setresuid', 'setgid', 'setregid', 'setresgid'],
      doc: 'System call.',
    },
    'event.outcome': {
      type: 'keyword',
      required: true,
      values: ['success', 'failure'],
      doc: 'Whether the kernel granted it.',
    },
    'user.changes.id': { type: 'keyword', max: 32, doc: 'Effective user id asked for.' },
    'user.changes.name': { type: 'keyword', max: 256, sigma: ['TargetUserName'], doc: 'Name of that user.' },
    'group.changes.id': { type: 'keyword', max: 32, doc: 'Effective group id asked for.' },
    ...actorFields,
  },
});
