import { defineEvent } from '../schema/spec.ts';
import { flowFields, flowProcessFields } from './flow-fields.ts';

export const networkFlow = defineEvent({
  name: 'network.flow',
  doc: 'What went over a connection, at its end and now and then before. Figures are since its first packet.',
  logsource: { category: 'network_flow' },
  priority: 'normal',
  fields: {
    'event.action': {
      type: 'keyword',
      required: true,
      values: ['ongoing', 'ended'],
      doc: 'Whether the flow goes on.',
    },
    'event.reason': {
      type: 'keyword',
      max: 32,
      values: ['closed', 'reset', 'refused', 'unanswered', 'idle', 'evicted', 'capture-ended'],
      doc: 'Why it ended: both ends closed it, one reset it, the SYN was refused or not answered, nothing came for long, its place was needed, or the capture ended.',
    },
    'event.start': { type: 'time', required: true, doc: 'Time of the first packet seen.' },
    'event.end': { type: 'time', required: true, doc: 'Time of the last packet seen.' },
    'event.duration': { type: 'int', doc: 'Nanoseconds between them.' },
    'source.bytes': { type: 'int', doc: 'Payload bytes from source to destination, each once.' },
    'destination.bytes': { type: 'int', doc: 'Payload bytes from destination to source, each once.' },
    'network.bytes': { type: 'int', doc: 'Both together.' },
    'source.packets': {
      type: 'int',
      doc: 'Packets from source to destination; absent where not all were captured.',
    },
    'destination.packets': {
      type: 'int',
      doc: 'Packets from destination to source; absent where not all were captured.',
    },
    'network.flow.accuracy': {
      type: 'keyword',
      required: true,
      values: ['exact', 'sequence', 'at-least', 'estimated'],
      doc: 'How bytes are known: `exact` from every packet or from the sequence numbers of a whole connection, `sequence` from sequence numbers seen so far, `at-least` where the begin was not seen, `estimated` from samples.',
    },
    'tcp.flags': { type: 'keywords', max: 8, doc: 'TCP flags seen, of both directions.' },
    ...flowFields,
    ...flowProcessFields,
  },
});
