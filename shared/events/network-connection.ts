import { defineEvent } from '../schema/spec.ts';

export const networkConnection = defineEvent({
  name: 'network.connection',
  doc: 'A connection was opened or accepted, a socket began to listen, or either of them ended.',
  logsource: { category: 'network_connection' },
  priority: 'normal',
  fields: {
    'event.action': {
      type: 'keyword',
      required: true,
      values: ['connected', 'accepted', 'listening', 'closed'],
      doc: 'What happened. UDP sockets without a peer count as listening.',
    },
    'network.transport': {
      type: 'keyword',
      required: true,
      values: ['tcp', 'udp'],
      sigma: ['Protocol'],
      doc: 'Transport protocol.',
    },
    'network.initiated': {
      type: 'bool',
      sigma: ['Initiated'],
      doc: 'True when this host opened the connection, false when it accepted it or listens.',
    },
    'source.ip': {
      type: 'ip',
      required: true,
      indexed: true,
      sigma: ['SourceIp'],
      doc: 'Address the connection comes from; the local address when listening.',
    },
    'source.port': { type: 'int', required: true, sigma: ['SourcePort'], doc: 'Port it comes from.' },
    'destination.ip': {
      type: 'ip',
      indexed: true,
      sigma: ['DestinationIp'],
      doc: 'Address it goes to; absent when listening.',
    },
    'destination.port': { type: 'int', sigma: ['DestinationPort'], doc: 'Port it goes to.' },
    'network.connection_id': {
      type: 'keyword',
      required: true,
      max: 64,
      doc: 'The same for the opening and the closing of one connection.',
    },
    'process.pid': { type: 'int', sigma: ['ProcessId'], doc: 'Process that owns the socket.' },
    'process.entity_id': {
      type: 'keyword',
      max: 64,
      indexed: true,
      sigma: ['ProcessGuid'],
      doc: 'Identity of the owner.',
    },
    'process.name': { type: 'keyword', max: 256, doc: 'Short name of the owner.' },
    'process.executable': {
      type: 'keyword',
      max: 4096,
      sigma: ['Image'],
      doc: "Path of the owner's program.",
    },
    'process.command_line': { type: 'text', sigma: ['CommandLine'], doc: "The owner's arguments." },
    'process.parent.name': { type: 'keyword', max: 256, doc: "Short name of the owner's parent." },
    'process.parent.executable': {
      type: 'keyword',
      max: 4096,
      sigma: ['ParentImage'],
      doc: "Path of the owner's parent's program.",
    },
    'user.id': { type: 'keyword', max: 32, doc: 'User id the socket belongs to.' },
    'user.name': { type: 'keyword', max: 256, sigma: ['User'], doc: 'User the socket belongs to.' },
  },
});
