import type { TableSpec } from './spec.ts';

export const file = {
  name: 'file',
  doc: 'What is at a path, in a folder, or fits a pattern.',
  lookedUpBy: ['path', 'directory', 'pattern'],
  columns: {
    path: ['text', 'Path.'],
    directory: ['text', 'Folder it is in.'],
    pattern: ['text', 'The pattern looked up: % is any characters within a name, %% at the end all below.'],
    filename: ['text', 'Last part of the path.'],
    inode: ['integer', 'Inode.'],
    uid: ['integer', 'Id of the owner.'],
    gid: ['integer', 'Id of the group.'],
    mode: ['text', 'Permissions, octal.'],
    device: ['integer', 'Device the file is on.'],
    size: ['integer', 'Bytes.'],
    atime: ['integer', 'Last read, in seconds since the epoch.'],
    mtime: ['integer', 'Last change of content, in seconds since the epoch.'],
    ctime: ['integer', 'Last change of anything, in seconds since the epoch.'],
    btime: ['integer', 'Made, in seconds since the epoch, where the file system knows.'],
    hard_links: ['integer', 'Names it has.'],
    symlink: ['integer', '1 for a symbolic link.'],
    symlink_target: ['text', 'Where that leads.'],
    type: ['text', 'regular, directory, symlink, block, character, fifo or socket.'],
  },
} as const satisfies TableSpec;
