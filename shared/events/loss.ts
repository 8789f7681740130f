import { defineEvent } from '../schema/spec.ts';

export const loss = defineEvent({
  name: 'loss',
  doc: 'Events that were collected and will never arrive: how many, why, and from when to when.',
  logsource: { category: 'loss' },
  priority: 'alert',
  fields: {
    'loss.count': { type: 'int', required: true, doc: 'Events lost, exactly.' },
    'loss.reason': {
      type: 'keyword',
      required: true,
      values: [
        'sensor-overrun',
        'queue-full',
        'outbox-full',
        'outbox-age',
        'outbox-corrupt',
        'disk-error',
        'invalid',
      ],
      doc: 'Why they were given up.',
    },
    'loss.types': {
      type: 'keywords',
      max: 64,
      doc: 'Events by type as `type=count`, where the types are known.',
    },
    'loss.from': { type: 'time', doc: 'Time of the first of them.' },
    'loss.to': { type: 'time', doc: 'Time of the last of them.' },
    'loss.sensor': { type: 'keyword', max: 64, doc: 'Sensor that lost them, if a sensor did.' },
  },
});
