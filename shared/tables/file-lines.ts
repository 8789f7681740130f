import type { TableSpec } from './spec.ts';

export const fileLines = {
  name: 'file_lines',
  doc: 'Lines of a text file, the first 10,000.',
  lookedUpBy: ['path'],
  columns: {
    path: ['text', 'Path.'],
    line: ['integer', 'Number, from 1.'],
    text: ['text', 'The line, at most 4,096 characters.'],
  },
} as const satisfies TableSpec;
