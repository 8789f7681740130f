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
  agentCertificateLifeS: {
    type: 'int',
    default: 604_800,
    min: 1,
    max: 315_360_000,
    doc: "Seconds an agent's certificate lasts. Agents renew theirs by themselves when a third of it is left.",
  },
  serverCertificateLifeS: {
    type: 'int',
    default: 7_776_000,
    min: 1,
    max: 315_360_000,
    doc: "Seconds the collector's own certificate lasts. It is renewed while running, when a third of it is left.",
  },
  certificateGraceS: {
    type: 'int',
    default: 2_592_000,
    min: 0,
    max: 315_360_000,
    doc: 'Seconds after its end in which the certificate of a host that is known and not revoked may still be renewed, and do nothing else.',
  },
  caOverlapS: {
    type: 'int',
    default: 2_592_000,
    min: 0,
    max: 315_360_000,
    doc: 'Seconds the CA before stays trusted after `vedette ca rotate`, unless told there. Agents that do not connect in that time must be enrolled again.',
  },
  cloneProbeMs: {
    type: 'int',
    default: 3000,
    min: 100,
    max: 60_000,
    doc: 'How long an agent that is connected has to answer when another one comes under its identity. If it does, the other one is a clone and is refused; if not, it is replaced.',
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
