import { defineEvent } from '../schema/spec.ts';
import { packageFields } from './package-fields.ts';

export const packageChange = defineEvent({
  name: 'package.change',
  doc: 'A package was installed, upgraded, downgraded or removed.',
  logsource: { category: 'package_change' },
  priority: 'high',
  fields: {
    'event.action': {
      type: 'keyword',
      required: true,
      values: ['installed', 'upgraded', 'downgraded', 'removed'],
      doc: 'What happened.',
    },
    ...packageFields,
    'package.previous_version': { type: 'keyword', max: 256, doc: 'Version before an upgrade or downgrade.' },
  },
});
