import { defineEvent } from '../schema/spec.ts';

export const hostHealth = defineEvent({
  name: 'host.health',
  doc: 'How the host and the agent on it are doing.',
  logsource: { category: 'host_health' },
  priority: 'normal',
  fields: {
    'host.cpu.usage': { type: 'float', doc: 'Share of all processors in use since the last look, 0 to 1.' },
    'host.cpu.count': { type: 'int', doc: 'Processors.' },
    'host.load': { type: 'float', doc: 'Load average over one minute.' },
    'host.memory.total': { type: 'int', doc: 'Bytes of memory.' },
    'host.memory.available': { type: 'int', doc: 'Bytes a new program could use.' },
    'host.disk.total': { type: 'int', doc: "Bytes of the file system that holds the agent's data." },
    'host.disk.free': { type: 'int', doc: 'Bytes free there.' },
    'host.uptime': { type: 'int', doc: 'Seconds since boot.' },
    'host.processes': { type: 'int', doc: 'Processes running.' },
    'agent.cpu.usage': { type: 'float', doc: "Agent's share of one processor since the last look, 0 to 1." },
    'agent.memory.rss': { type: 'int', doc: "Bytes of the agent's resident memory." },
    'agent.uptime': { type: 'int', doc: 'Seconds since the agent started.' },
    'agent.outbox.size': { type: 'int', doc: 'Bytes of events not yet acknowledged.' },
    'agent.outbox.events': { type: 'int', doc: 'Events not yet acknowledged.' },
    'agent.sensors': {
      type: 'keywords',
      max: 64,
      doc: 'Mode of each sensor as `name=mode`, with the reason in brackets where it is unavailable.',
    },
  },
});
