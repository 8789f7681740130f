import { defineEvent } from '../schema/spec.ts';
import { fileFields } from './file-fields.ts';

export const fileCreate = defineEvent({
  name: 'file.create',
  doc: 'A file appeared under a watched path, or was there at the first look.',
  logsource: { category: 'file_event' },
  priority: 'high',
  fields: { ...fileFields },
});
