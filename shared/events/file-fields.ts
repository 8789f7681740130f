import type { FieldSpec } from '../schema/spec.ts';
import { actorFields } from './process-fields.ts';

/** What is said of a file, whatever happened to it. */
export const fileFields = {
  'file.path': {
    type: 'keyword',
    required: true,
    max: 4096,
    indexed: true,
    sigma: ['TargetFilename'],
    doc: 'Absolute path.',
  },
  'file.name': { type: 'keyword', max: 256, doc: 'Last part of the path.' },
  'file.type': {
    type: 'keyword',
    values: ['file', 'dir', 'symlink', 'device', 'fifo', 'socket'],
    doc: 'What kind of file it is.',
  },
  'file.target_path': { type: 'keyword', max: 4096, doc: 'Where a symbolic link leads.' },
  'file.size': { type: 'int', doc: 'Bytes.' },
  'file.mode': {
    type: 'keyword',
    max: 8,
    doc: 'Permissions in octal with the special bits, e.g. 0644 or 4755.',
  },
  'file.uid': { type: 'keyword', max: 32, doc: 'Id of the owner.' },
  'file.owner': { type: 'keyword', max: 256, doc: 'Name of the owner.' },
  'file.gid': { type: 'keyword', max: 32, doc: 'Id of the group.' },
  'file.group': { type: 'keyword', max: 256, doc: 'Name of the group.' },
  'file.inode': { type: 'keyword', max: 32, doc: 'Inode number.' },
  'file.mtime': { type: 'time', doc: 'When its content was last changed, by its own account.' },
  'file.hash.sha256': {
    type: 'hash',
    max: 64,
    indexed: true,
    sigma: ['sha256'],
    doc: 'SHA-256 of the content, where it is small enough to be read.',
  },
  'file.since': {
    type: 'time',
    doc: 'Earliest it can have happened, where it was found by looking and not told by the system: its time is then when it was found.',
  },
  'file.watch': {
    type: 'keyword',
    max: 64,
    doc: 'Why the path is watched: the name of the set of paths it belongs to, e.g. persistence or credentials.',
  },
  ...actorFields,
} as const satisfies Record<string, FieldSpec>;

/** What a file was before, for events that tell of a difference. */
export const filePreviousFields = {
  'file.changes': {
    type: 'keywords',
    max: 16,
    doc: 'What differs: content, size, mode, owner, group, target, type.',
  },
  'file.previous.size': { type: 'int', doc: 'Bytes before.' },
  'file.previous.mode': { type: 'keyword', max: 8, doc: 'Permissions before.' },
  'file.previous.uid': { type: 'keyword', max: 32, doc: 'Owner id before.' },
  'file.previous.gid': { type: 'keyword', max: 32, doc: 'Group id before.' },
  'file.previous.target_path': { type: 'keyword', max: 4096, doc: 'Where the symbolic link led before.' },
  'file.previous.hash.sha256': { type: 'hash', max: 64, doc: 'SHA-256 before.' },
} as const satisfies Record<string, FieldSpec>;
