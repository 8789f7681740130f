import { defineEvent } from '../schema/spec.ts';

export const processFork = defineEvent({
  name: 'process.fork',
  doc: 'A process split off from its parent and goes on with the same program. Told of those that live a second, have children or end without running a program of their own.',
  logsource: { category: 'process_fork' },
  priority: 'normal',
  fields: {
    'process.pid': { type: 'int', required: true, sigma: ['ProcessId'], doc: 'Process id on the host.' },
    'process.entity_id': {
      type: 'keyword',
      required: true,
      indexed: true,
      max: 64,
      sigma: ['ProcessGuid'],
      doc: 'Identity that survives reuse of the pid.',
    },
    'process.start': { type: 'time', required: true, doc: 'When it split off.' },
    'process.name': { type: 'keyword', required: true, max: 256, doc: 'Short name as the kernel keeps it.' },
    'process.executable': {
      type: 'keyword',
      max: 4096,
      sigma: ['Image'],
      doc: 'Path of the program file, the same as of its parent.',
    },
    'process.parent.pid': { type: 'int', sigma: ['ParentProcessId'], doc: 'Process id of the parent.' },
    'process.parent.entity_id': {
      type: 'keyword',
      max: 64,
      sigma: ['ParentProcessGuid'],
      doc: 'Identity of the parent.',
    },
    'user.id': { type: 'keyword', max: 32, doc: 'Effective user id.' },
    'user.name': { type: 'keyword', max: 256, sigma: ['User'], doc: 'Effective user name.' },
  },
});
