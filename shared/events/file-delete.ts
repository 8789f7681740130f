import { defineEvent } from '../schema/spec.ts';
import { fileFields } from './file-fields.ts';

export const fileDelete = defineEvent({
  name: 'file.delete',
  doc: 'A watched file is gone.',
  logsource: { category: 'file_delete' },
  priority: 'high',
  fields: { ...fileFields },
});
