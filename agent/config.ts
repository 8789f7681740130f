import type { Settings } from '#shared/config.ts';
import { auditKinds } from './sensors/options.ts';
import { defaultPacketSettings as packet } from './sensors/packet/settings.ts';

const interval = { type: 'int', default: 0, min: 0, max: 86_400_000 } as const;

/** Settings of the agent, from `agent/config.json` in the data folder. */
export const agentSettings = {
  provider: {
    type: 'choice',
    default: 'auto',
    choices: ['auto', 'linux', 'portable'],
    doc: 'Which readers to use: `auto` takes those of this system.',
  },
  instance: {
    type: 'text',
    default: 'vedette',
    doc: "Name of this agent on the host, and of its trace instance in the kernel: of two agents with the same name the second refuses to run. The environment's VEDETTE_INSTANCE goes before it. Letters, digits, `-` and `_`.",
  },
  kernelEvents: {
    type: 'choice',
    default: 'auto',
    choices: ['auto', 'off'],
    doc: 'Whether processes, connections and the rest are taken from the trace events of the Linux kernel where they can be had (as root), or sampled in any case.',
  },
  kernelArguments: {
    type: 'choice',
    default: 'auto',
    choices: ['auto', 'proc'],
    doc: 'Where the arguments of new programs come from: `auto` lets the kernel read them as a program begins (a probe in the dynamic loader) besides /proc, `proc` uses /proc alone and misses those of the very shortest programs.',
  },
  kernelBufferKib: {
    type: 'int',
    default: 16_384,
    min: 256,
    max: 1_048_576,
    doc: 'Room in the kernel for trace events that wait to be read, over all processors. What does not fit is lost, counted and told.',
  },
  processIntervalMs: {
    ...interval,
    doc: 'Time between looks of the process sensor; 0 is its own default (1 s on Linux, 5 s elsewhere).',
  },
  networkIntervalMs: {
    ...interval,
    doc: 'Time between looks of the network sensor; 0 is its own default (1 s on Linux, 5 s elsewhere).',
  },
  deviceIntervalMs: {
    ...interval,
    doc: 'Time between looks of the device sensor; 0 is its own default (2 s on Linux, 15 s elsewhere).',
  },
  packageIntervalMs: {
    ...interval,
    doc: 'Time between looks of the package sensor; 0 is its own default (10 s on Linux, 5 min elsewhere).',
  },
  loginIntervalMs: {
    ...interval,
    doc: 'Time between looks of the login sensor; 0 is its own default (2 s on Linux, 10 s elsewhere).',
  },
  accountIntervalMs: {
    ...interval,
    doc: 'Time between looks of the account sensor; 0 is its own default (2 s on Linux, 30 s elsewhere).',
  },
  kernelIntervalMs: {
    ...interval,
    doc: 'Time between looks of the kernel sensor at modules and mounts; 0 is its own default (5 s on Linux).',
  },
  logIntervalMs: {
    ...interval,
    doc: 'Time between looks of the log sensor; 0 is its own default (1 s on Linux, 5 s elsewhere).',
  },
  logFiles: {
    type: 'list',
    default: [],
    doc: 'Log files to follow besides the journal or the files of syslog: `name=pattern` or a pattern such as /var/log/nginx/*.log. A name that Sigma uses for a service (nginx, clamav, vsftpd and so on) lets rules for it see the lines.',
  },
  logLinesPerSecond: {
    type: 'int',
    default: 500,
    min: 1,
    max: 1_000_000,
    doc: 'Most lines of one log file or of the journal told in a second. More wait in the log; of a file that is 64 MiB behind the oldest are passed over and counted as lost.',
  },
  auditIntervalMs: {
    ...interval,
    doc: 'Time between looks of the audit sensor; 0 is its own default (1 s on Linux).',
  },
  auditEvents: {
    type: 'list',
    default: auditKinds,
    doc: 'What is made of the records of auditd: `record` each as it is, for Sigma rules of service auditd; `file`, `login`, `process` and `network` events, the last three only while no log and no kernel events tell them.',
  },
  auditRecordsPerSecond: {
    type: 'int',
    default: 2000,
    min: 1,
    max: 1_000_000,
    doc: 'Most audit records told in a second. More wait in the log; when it is 64 MiB behind the oldest are passed over and counted as lost.',
  },
  healthIntervalMs: {
    ...interval,
    doc: 'Time between looks of the health sensor; 0 is its own default (15 s on Linux, 15 s elsewhere).',
  },
  cpuBudgetPercent: {
    type: 'int',
    default: 15,
    min: 1,
    max: 6400,
    doc: 'Most of one processor the agent shall use over ten seconds, in percent. Over it, sensors are put to rest in the declared order, and wake again when it is well under.',
  },
  memoryBudgetMib: {
    type: 'int',
    default: 200,
    min: 80,
    max: 65_536,
    doc: 'Most memory the agent shall take. Over it, sensors are put to rest likewise.',
  },
  packetIntervalMs: {
    ...interval,
    doc: 'Time between looks of the packet sensor, while packets wait in the kernel; 0 is its own default (500 ms).',
  },
  packetCapture: {
    type: 'choice',
    default: packet.capture,
    choices: ['auto', 'off'],
    doc: 'Whether to capture packets: `auto` does where the pcap module is built and the agent has the right.',
  },
  packetInterfaces: {
    type: 'list',
    default: packet.interfaces,
    doc: 'Interfaces to capture on; none means all of them (outside Linux the first one).',
  },
  packetFilter: {
    type: 'text',
    default: packet.filter,
    doc: 'A capture filter as of tcpdump that packets must pass as well, e.g. `not host 10.0.0.9`; by addresses, not by names.',
  },
  packetSnapBytes: {
    type: 'int',
    default: packet.snapBytes,
    min: 256,
    max: 65_535,
    doc: 'Bytes kept of each packet.',
  },
  packetRingBytes: {
    type: 'int',
    default: packet.ringBytes,
    min: 512 * 1024,
    max: 256 * 1024 * 1024,
    doc: 'Size of the ring the kernel puts captured packets in; it counts as memory of the agent.',
  },
  packetCpuPercent: {
    type: 'int',
    default: packet.cpuPercent,
    min: 1,
    max: 100,
    doc: 'Percent of one processor that decoding packets may take for long; above it the filter in the kernel is narrowed, and says so.',
  },
  packetEventsPerSecond: {
    type: 'int',
    default: packet.eventsPerSecond,
    min: 1,
    max: 100_000,
    doc: 'Events the packet sensor may tell per second for long; more are counted as lost.',
  },
  packetFlows: {
    type: 'int',
    default: packet.flows,
    min: 16,
    max: 1_000_000,
    doc: 'Flows kept account of at once; the oldest is told and forgotten first.',
  },
  packetQuestions: {
    type: 'int',
    default: packet.questions,
    min: 16,
    max: 1_000_000,
    doc: 'DNS questions that may wait for their answers; the oldest is told without first.',
  },
  packetStreamBytes: {
    type: 'int',
    default: packet.streamBytes,
    min: 65_536,
    max: 1024 ** 3,
    doc: 'Bytes held in all of messages over TCP that are not whole yet.',
  },
  packetFlowReportMs: {
    type: 'int',
    default: packet.flowReportMs,
    min: 1000,
    max: 86_400_000,
    doc: 'Time between two events of a flow that goes on.',
  },
  packetScanTargets: {
    type: 'int',
    default: packet.scanTargets,
    min: 2,
    max: 1000,
    doc: 'Pairs of host and port that one source tries in vain within a minute to be told as a scan; ten times as many when they accept.',
  },
  batchEvents: {
    type: 'int',
    default: 500,
    min: 1,
    max: 10_000,
    doc: 'Events after which a batch is closed.',
  },
  flushMs: {
    type: 'int',
    default: 200,
    min: 10,
    max: 60_000,
    doc: 'Longest time an event waits for its batch to close.',
  },
  queueEvents: {
    type: 'int',
    default: 20_000,
    min: 100,
    max: 1_000_000,
    doc: 'Most events held in memory while the outbox cannot write; more are counted as lost.',
  },
  outboxMaxBytes: {
    type: 'int',
    default: 1024 ** 3,
    min: 1024 ** 2,
    max: 1024 ** 4,
    doc: 'Most bytes of encoded events kept while the collector is away.',
  },
  outboxMaxAgeMs: {
    type: 'int',
    default: 30 * 86_400_000,
    min: 60_000,
    max: 10 * 365 * 86_400_000,
    doc: 'Longest time events are kept while the collector is away.',
  },
  syncMs: {
    type: 'int',
    default: 1000,
    min: 50,
    max: 600_000,
    doc: 'Time between flushes of the outbox to the disk: what a power cut may take.',
  },
  backoffMinMs: {
    type: 'int',
    default: 500,
    min: 10,
    max: 3_600_000,
    doc: 'First wait before connecting again.',
  },
  backoffMaxMs: {
    type: 'int',
    default: 30_000,
    min: 10,
    max: 3_600_000,
    doc: 'Longest wait before connecting again.',
  },
  pingMs: { type: 'int', default: 15_000, min: 100, max: 600_000, doc: 'Time between signs of life.' },
  stallMs: {
    type: 'int',
    default: 45_000,
    min: 200,
    max: 3_600_000,
    doc: 'Silence after which the connection is given up.',
  },
} as const satisfies Settings;
