import type { FieldSpec } from '../schema/spec.ts';

/** Who talks to whom, for events told from packets. Source is who began (ECS). */
export const flowFields = {
  'network.transport': {
    type: 'keyword',
    required: true,
    values: ['tcp', 'udp'],
    sigma: ['Protocol'],
    doc: 'Transport protocol.',
  },
  'source.ip': {
    type: 'ip',
    required: true,
    indexed: true,
    sigma: ['SourceIp', 'src_ip', 'c-ip'],
    doc: 'Address of the client.',
  },
  'source.port': {
    type: 'int',
    required: true,
    sigma: ['SourcePort', 'src_port'],
    doc: 'Port of the client.',
  },
  'destination.ip': {
    type: 'ip',
    required: true,
    indexed: true,
    sigma: ['DestinationIp', 'dst_ip'],
    doc: 'Address of the server.',
  },
  'destination.port': {
    type: 'int',
    required: true,
    sigma: ['DestinationPort', 'dst_port'],
    doc: 'Port of the server.',
  },
  'network.community_id': {
    type: 'keyword',
    max: 64,
    indexed: true,
    doc: 'Community ID of the flow (version 1, seed 0): the same in every tool that saw it.',
  },
} as const satisfies Record<string, FieldSpec>;

/** The process at this host's end of a flow, where the socket table can still say. */
export const flowProcessFields = {
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
  'process.parent.executable': {
    type: 'keyword',
    max: 4096,
    sigma: ['ParentImage'],
    doc: "Path of the owner's parent's program.",
  },
  'user.id': { type: 'keyword', max: 32, doc: 'User id the socket belongs to.' },
  'user.name': { type: 'keyword', max: 256, sigma: ['User'], doc: 'User the socket belongs to.' },
} as const satisfies Record<string, FieldSpec>;
