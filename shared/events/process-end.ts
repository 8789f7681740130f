import { defineEvent } from '../schema/spec.ts';

export const processEnd = defineEvent({
  name: 'process.end',
  doc: 'A process ended.',
  logsource: { category: 'process_termination' },
  priority: 'normal',
  fields: {
    'process.pid': { type: 'int', required: true, sigma: ['ProcessId'], doc: 'Process id on the host.' },
    'process.entity_id': {
      type: 'keyword',
      required: true,
      indexed: true,
      max: 64,
      sigma: ['ProcessGuid'],
      doc: 'Identity of the process, as in its start.',
    },
    'process.start': { type: 'time', required: true, doc: 'When the process had started.' },
    'process.end': {
      type: 'time',
      doc: 'When it ended; sampling knows it to within one interval, and gives the end of that interval.',
    },
    'process.name': { type: 'keyword', required: true, max: 256, doc: 'Short name as the kernel kept it.' },
    'process.executable': {
      type: 'keyword',
      max: 4096,
      sigma: ['Image'],
      doc: 'Path of the program file.',
    },
    'process.exit_code': {
      type: 'int',
      doc: 'Exit code, where the source tells it; 128 and the signal when a signal ended it, as shells have it.',
    },
    'process.parent.pid': { type: 'int', sigma: ['ParentProcessId'], doc: 'Process id of the parent.' },
    'user.name': { type: 'keyword', max: 256, sigma: ['User'], doc: 'Effective user name.' },
  },
});
