import { defineEvent } from '../schema/spec.ts';
import { actorFields } from './process-fields.ts';

export const moduleChange = defineEvent({
  name: 'module.change',
  doc: 'A kernel module was loaded or unloaded, or was there at the first look.',
  logsource: { category: 'driver_load' },
  priority: 'high',
  fields: {
    'event.action': {
      type: 'keyword',
      required: true,
      values: ['loaded', 'unloaded'],
      doc: 'What happened.',
    },
    'module.name': {
      type: 'keyword',
      required: true,
      max: 256,
      indexed: true,
      sigma: ['ImageLoaded'],
      doc: 'Name of the module.',
    },
    'module.size': { type: 'int', doc: 'Bytes it takes in the kernel.' },
    'module.taints': {
      type: 'keyword',
      max: 32,
      doc: 'What it taints the kernel with, in letters: O not of the kernel source, E unsigned, P proprietary and so on.',
    },
    ...actorFields,
  },
});
