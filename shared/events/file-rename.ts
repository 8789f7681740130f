import { defineEvent } from '../schema/spec.ts';
import { fileFields } from './file-fields.ts';

export const fileRename = defineEvent({
  name: 'file.rename',
  doc: 'A watched file has another name.',
  logsource: { category: 'file_rename' },
  priority: 'high',
  fields: {
    ...fileFields,
    'file.previous.path': {
      type: 'keyword',
      max: 4096,
      sigma: ['SourceFilename'],
      doc: 'Absolute path before.',
    },
  },
});
