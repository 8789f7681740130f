import { defineEvent } from '../schema/spec.ts';
import { fileFields, filePreviousFields } from './file-fields.ts';

export const fileChange = defineEvent({
  name: 'file.change',
  doc: 'The content, the mode or the owner of a watched file changed.',
  logsource: { category: 'file_change' },
  priority: 'high',
  fields: { ...fileFields, ...filePreviousFields },
});
