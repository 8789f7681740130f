import { defineEvent } from '../schema/spec.ts';
import { deviceKinds } from './device-kinds.ts';

export const deviceAccess = defineEvent({
  name: 'device.access',
  doc: 'A process opened or let go of a sensitive device: camera, sound, disk, serial, USB, memory or input.',
  logsource: { category: 'device_access' },
  priority: 'high',
  fields: {
    'event.action': {
      type: 'keyword',
      required: true,
      values: ['opened', 'released'],
      doc: 'What happened.',
    },
    'device.kind': { type: 'keyword', required: true, values: deviceKinds, doc: 'What the device is for.' },
    'device.name': {
      type: 'keyword',
      required: true,
      max: 256,
      indexed: true,
      sigma: ['DeviceName'],
      doc: 'Device node, e.g. /dev/video0.',
    },
    'device.held_us': {
      type: 'int',
      doc: 'Microseconds from when it was first seen open until it was seen released.',
    },
    'process.pid': { type: 'int', required: true, sigma: ['ProcessId'], doc: 'Process that holds it.' },
    'process.entity_id': {
      type: 'keyword',
      max: 64,
      indexed: true,
      sigma: ['ProcessGuid'],
      doc: 'Identity of that process.',
    },
    'process.name': { type: 'keyword', max: 256, doc: 'Short name of the process.' },
    'process.executable': {
      type: 'keyword',
      max: 4096,
      sigma: ['Image'],
      doc: "Path of the process's program.",
    },
    'process.command_line': { type: 'text', sigma: ['CommandLine'], doc: "The process's arguments." },
    'process.parent.executable': {
      type: 'keyword',
      max: 4096,
      sigma: ['ParentImage'],
      doc: "Path of the process's parent's program.",
    },
    'user.id': { type: 'keyword', max: 32, doc: 'User id of the process.' },
    'user.name': { type: 'keyword', max: 256, sigma: ['User'], doc: 'User of the process.' },
  },
});
