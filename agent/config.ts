import type { Settings } from '#shared/config.ts';

const interval = { type: 'int', default: 0, min: 0, max: 86_400_000 } as const;

/** Settings of the agent, from `agent/config.json` in the data folder. */
export const agentSettings = {
  provider: {
    type: 'choice',
    default: 'auto',
    choices: ['auto', 'linux', 'portable'],
    doc: 'Which readers to use: `auto` takes those of this system.',
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
  fileIntervalMs: {
    ...interval,
    doc: 'Time between looks of the file sensor, which find what its watches missed; 0 is its own default (10 s on Linux, 60 s elsewhere).',
  },
  filePaths: {
    type: 'list',
    default: [],
    doc: 'Files to watch besides the declared ones, as absolute globs: `*` and `?` within a name, `{a,b}` for either, `/**` at the end for everything below.',
  },
  fileExcludes: {
    type: 'list',
    default: [],
    doc: 'Files not to watch, as absolute globs; a folder is left out with all that is in it.',
  },
  fileHashMaxBytes: {
    type: 'int',
    default: 4 * 1024 ** 2,
    min: 0,
    max: 1024 ** 4,
    doc: 'Watched files larger than this are not hashed.',
  },
  fileHashBytesPerSecond: {
    type: 'int',
    default: 2 * 1024 ** 2,
    min: 1024,
    max: 1024 ** 4,
    doc: 'Bytes a second that may be read to hash watched files in the background; those up to 64 KiB are hashed at once.',
  },
  packageVerifyBytesPerSecond: {
    type: 'int',
    default: 128 * 1024,
    min: 0,
    max: 1024 ** 4,
    doc: "Bytes a second that are read to compare package files with their package's own sums; 0 turns it off.",
  },
  packageVerifyPassMs: {
    type: 'int',
    default: 86_400_000,
    min: 60_000,
    max: 365 * 86_400_000,
    doc: 'Time between the begins of two passes that read every package file.',
  },
  packageVerifyChangedMs: {
    type: 'int',
    default: 3_600_000,
    min: 10_000,
    max: 365 * 86_400_000,
    doc: 'Time between the begins of two passes that read only the package files that changed since the last.',
  },
  privilegeEntriesPerSecond: {
    type: 'int',
    default: 150,
    min: 0,
    max: 1_000_000,
    doc: 'Files a second that are looked at on the way to those with set-uid, set-gid or capabilities; 0 turns it off.',
  },
  privilegePassMs: {
    type: 'int',
    default: 86_400_000,
    min: 60_000,
    max: 365 * 86_400_000,
    doc: 'Time between the begins of two walks for files with set-uid, set-gid or capabilities.',
  },
  healthIntervalMs: {
    ...interval,
    doc: 'Time between looks of the health sensor; 0 is its own default (15 s on Linux, 15 s elsewhere).',
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
