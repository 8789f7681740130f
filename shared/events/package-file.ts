import { defineEvent } from '../schema/spec.ts';
import { fileFields } from './file-fields.ts';
import { packageFields } from './package-fields.ts';

export const packageFile = defineEvent({
  name: 'package.file',
  doc: 'A file is not as the package it came with says it should be, or is so again.',
  logsource: { category: 'package_file' },
  priority: 'high',
  fields: {
    'event.action': {
      type: 'keyword',
      required: true,
      values: ['changed', 'missing', 'restored'],
      doc: 'What was found: it differs, it is gone, or it is right again.',
    },
    'file.path': fileFields['file.path'],
    'file.name': fileFields['file.name'],
    'file.type': fileFields['file.type'],
    'file.size': fileFields['file.size'],
    'file.mode': fileFields['file.mode'],
    'file.uid': fileFields['file.uid'],
    'file.gid': fileFields['file.gid'],
    'file.inode': fileFields['file.inode'],
    'file.mtime': fileFields['file.mtime'],
    'file.hash.sha256': fileFields['file.hash.sha256'],
    'file.changes': { type: 'keywords', max: 16, doc: 'What differs: content, mode, type.' },
    'package.name': packageFields['package.name'],
    'package.version': packageFields['package.version'],
    'package.type': packageFields['package.type'],
    'package.architecture': packageFields['package.architecture'],
    'package.checksum.algorithm': {
      type: 'keyword',
      max: 16,
      doc: 'Kind of sum the package keeps of the file: md5, sha1, sha256.',
    },
    'package.checksum.expected': { type: 'hash', max: 128, doc: 'The sum by the package.' },
    'package.checksum.found': { type: 'hash', max: 128, doc: 'The sum of what is there.' },
    'package.expected_mode': { type: 'keyword', max: 8, doc: 'Permissions by the package, in octal.' },
  },
});
