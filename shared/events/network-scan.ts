import { defineEvent } from '../schema/spec.ts';

export const networkScan = defineEvent({
  name: 'network.scan',
  doc: 'One address tried many ports or hosts in a short time: told when it becomes plain, and again at the end of each window.',
  logsource: { category: 'network_scan' },
  priority: 'high',
  fields: {
    'event.action': {
      type: 'keyword',
      required: true,
      values: ['began', 'window-ended'],
      doc: 'Whether the bound was just crossed, or the window is over and the figures are its totals.',
    },
    'network.scan.kind': {
      type: 'keyword',
      required: true,
      values: ['ports', 'hosts', 'both'],
      doc: 'Many ports of a few hosts, a few ports of many hosts, or many of both.',
    },
    'source.ip': {
      type: 'ip',
      required: true,
      indexed: true,
      sigma: ['SourceIp', 'src_ip'],
      doc: 'Address that sends the SYNs.',
    },
    'destination.ip': {
      type: 'ip',
      indexed: true,
      sigma: ['DestinationIp', 'dst_ip'],
      doc: 'Address tried last.',
    },
    'event.start': { type: 'time', required: true, doc: 'Time of the first SYN of the window.' },
    'event.end': { type: 'time', required: true, doc: 'Time of the last.' },
    'network.scan.targets': { type: 'int', required: true, doc: 'Distinct pairs of host and port tried.' },
    'network.scan.hosts': { type: 'int', required: true, doc: 'Distinct hosts tried.' },
    'network.scan.ports': { type: 'int', required: true, doc: 'Distinct ports tried.' },
    'network.scan.syns': { type: 'int', required: true, doc: 'SYNs sent, repeats among them.' },
    'network.scan.accepted': { type: 'int', required: true, doc: 'Targets that accepted.' },
    'network.scan.refused': { type: 'int', required: true, doc: 'Targets that answered with a reset.' },
    'network.scan.unanswered': { type: 'int', required: true, doc: 'Targets that have not answered.' },
    'network.scan.capped': {
      type: 'bool',
      doc: 'True when there were more targets than are told apart; the counts of targets, hosts and ports are then at least.',
    },
    'network.scan.first_ports': { type: 'keywords', max: 32, doc: 'The first ports tried.' },
  },
});
