import type { Settings } from '#shared/config.ts';

/** Settings of the collector, from `collector.json` in the data folder; flags go before. */
export const collectorSettings = {
  host: {
    type: 'text',
    default: '127.0.0.1',
    doc: 'Address of API and dashboard. Beyond loopback they are served over TLS.',
  },
  port: {
    type: 'int',
    default: 7080,
    min: 0,
    max: 65_535,
    doc: 'Port of API and dashboard; 0 takes any free one.',
  },
  agentHost: {
    type: 'text',
    default: '127.0.0.1',
    doc: 'Address agents connect to; 0.0.0.0 for all of this machine.',
  },
  agentPort: {
    type: 'int',
    default: 7443,
    min: 0,
    max: 65_535,
    doc: 'Port agents connect to; 0 takes any free one.',
  },
  agentAddress: {
    type: 'text',
    default: '',
    doc: '`host:port` that enrolment tokens name, when agents reach the collector by another address than it listens on.',
  },
  creditBytes: {
    type: 'int',
    default: 1024 ** 2,
    min: 64 * 1024,
    max: 64 * 1024 ** 2,
    doc: 'Bytes of batches one agent may have in flight.',
  },
  maxBacklogBytes: {
    type: 'int',
    default: 64 * 1024 ** 2,
    min: 1024 ** 2,
    max: 1024 ** 3,
    doc: 'Bytes of batches waiting to be stored at which reading from agents pauses.',
  },
  maxAgents: {
    type: 'int',
    default: 10_000,
    min: 1,
    max: 100_000,
    doc: 'Most connections of agents at once.',
  },
  agentStallMs: {
    type: 'int',
    default: 60_000,
    min: 1000,
    max: 3_600_000,
    doc: 'Silence after which an agent counts as gone.',
  },
  ledgerMs: {
    type: 'int',
    default: 60_000,
    min: 100,
    max: 86_400_000,
    doc: "Time between reconciliations of every host's ledger: collected = stored + lost.",
  },
  rules: {
    type: 'list',
    default: [],
    doc: 'More folders or files of Sigma rules, besides the starter pack and `rules/` in the data folder.',
  },
  logLevel: {
    type: 'choice',
    default: 'info',
    choices: ['debug', 'info', 'warn', 'error'],
    doc: 'Least level that is logged.',
  },
} as const satisfies Settings;
