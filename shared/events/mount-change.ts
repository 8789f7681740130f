import { defineEvent } from '../schema/spec.ts';
import { actorFields } from './process-fields.ts';

export const mountChange = defineEvent({
  name: 'mount.change',
  doc: 'A file system was mounted or unmounted, or was mounted at the first look.',
  logsource: { category: 'mount_change' },
  priority: 'high',
  fields: {
    'event.action': {
      type: 'keyword',
      required: true,
      values: ['mounted', 'unmounted'],
      doc: 'What happened.',
    },
    'mount.point': {
      type: 'keyword',
      max: 4096,
      indexed: true,
      sigma: ['TargetFilename'],
      doc: 'Where; absent for one in another namespace, or gone before it could be seen.',
    },
    'mount.source': { type: 'keyword', max: 4096, doc: 'What was mounted: device, share or name.' },
    'mount.type': { type: 'keyword', max: 64, doc: 'Type of the file system.' },
    'mount.options': { type: 'keyword', max: 1024, doc: 'Options of the mount.' },
    'mount.namespace': {
      type: 'keyword',
      max: 64,
      doc: "Mount namespace (inode) where it is not the agent's own.",
    },
    ...actorFields,
  },
});
