import type { TableSpec } from './spec.ts';

export const hash = {
  name: 'hash',
  doc: 'Hashes of a file, or of the files in a folder; of those up to 64 MiB, 512 MiB in one query.',
  lookedUpBy: ['path', 'directory'],
  columns: {
    path: ['text', 'Path.'],
    directory: ['text', 'Folder it is in.'],
    md5: ['text', 'MD5, hexadecimal.'],
    sha1: ['text', 'SHA-1, hexadecimal.'],
    sha256: ['text', 'SHA-256, hexadecimal.'],
    size: ['integer', 'Bytes.'],
  },
} as const satisfies TableSpec;
