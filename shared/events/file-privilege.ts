import { defineEvent } from '../schema/spec.ts';
import { fileFields } from './file-fields.ts';

export const filePrivilege = defineEvent({
  name: 'file.privilege',
  doc: 'A program gives more rights than its caller has: set-uid, set-gid or file capabilities. Each one at the first walk, then those that come, change and go.',
  logsource: { category: 'file_privilege' },
  priority: 'high',
  fields: {
    'event.action': {
      type: 'keyword',
      required: true,
      values: ['found', 'changed', 'gone'],
      doc: 'What the walk found: it is there, it is not as it was, or it is gone or without its rights.',
    },
    'file.path': fileFields['file.path'],
    'file.name': fileFields['file.name'],
    'file.size': fileFields['file.size'],
    'file.mode': fileFields['file.mode'],
    'file.uid': fileFields['file.uid'],
    'file.owner': fileFields['file.owner'],
    'file.gid': fileFields['file.gid'],
    'file.group': fileFields['file.group'],
    'file.inode': fileFields['file.inode'],
    'file.mtime': fileFields['file.mtime'],
    'file.hash.sha256': fileFields['file.hash.sha256'],
    'file.capabilities': {
      type: 'keyword',
      max: 1024,
      doc: 'File capabilities as getcap writes them, e.g. cap_net_raw=ep.',
    },
    'file.packaged': {
      type: 'bool',
      doc: 'Whether it came with a package; absent where no package system could be asked.',
    },
    'package.name': { type: 'keyword', max: 256, doc: 'The package it came with.' },
    'package.type': { type: 'keyword', max: 32, doc: 'Package system of that package.' },
  },
});
