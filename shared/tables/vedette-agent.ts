import type { TableSpec } from './spec.ts';

export const vedetteAgent = {
  name: 'vedette_agent',
  doc: 'The agent itself.',
  columns: {
    host_id: ['text', 'Id of the host.'],
    instance: ['text', 'Name of this agent.'],
    pid: ['integer', 'Its process.'],
    start_time: ['integer', 'When it began, in seconds since the epoch.'],
    connected: ['integer', '1 while the collector takes events.'],
    outbox_events: ['integer', 'Events that wait for the collector.'],
    outbox_bytes: ['integer', 'Bytes they take.'],
    resident_size: ['integer', 'Bytes of memory.'],
    cpu_percent: ['real', 'Share of one processor over the last minute.'],
    version: ['text', 'Version.'],
  },
} as const satisfies TableSpec;
