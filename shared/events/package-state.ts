import { defineEvent } from '../schema/spec.ts';
import { packageFields } from './package-fields.ts';

export const packageState = defineEvent({
  name: 'package.state',
  doc: 'A package is installed: one event for each at the first look, and again when the inventory is renewed.',
  logsource: { category: 'package_state' },
  priority: 'normal',
  fields: packageFields,
});
