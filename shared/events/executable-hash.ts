import { defineEvent } from '../schema/spec.ts';

export const executableHash = defineEvent({
  name: 'executable.hash',
  doc: 'The content of a program file that runs or ran was hashed: once for each distinct file. A process.start that comes after it carries the hash itself.',
  logsource: { category: 'executable_hash' },
  priority: 'high',
  fields: {
    'process.executable': {
      type: 'keyword',
      required: true,
      max: 4096,
      indexed: true,
      sigma: ['Image'],
      doc: 'Path of the program file.',
    },
    'process.hash.sha256': {
      type: 'hash',
      required: true,
      max: 64,
      indexed: true,
      sigma: ['sha256'],
      doc: 'SHA-256 of its content.',
    },
    'file.size': { type: 'int', doc: 'Bytes.' },
    'file.mtime': { type: 'time', doc: 'When its content was last changed, by its own account.' },
    'file.inode': { type: 'keyword', max: 32, doc: 'Inode number.' },
    'process.pid': { type: 'int', sigma: ['ProcessId'], doc: 'First process seen to run it.' },
    'process.entity_id': {
      type: 'keyword',
      max: 64,
      indexed: true,
      sigma: ['ProcessGuid'],
      doc: 'Identity of that process.',
    },
  },
});
