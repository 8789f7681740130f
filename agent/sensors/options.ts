import { defaultPacketSettings, type PacketSettings } from './packet/settings.ts';

/** What the registry takes, with every default in one place. */
export const sensorNames = [
  'process',
  'network',
  'device',
  'package',
  'login',
  'account',
  'kernel',
  'packet',
  'log',
  'audit',
  'file',
  'health',
] as const;
export type SensorName = (typeof sensorNames)[number];

/** What is made of audit records. */
export const auditKinds = ['record', 'file', 'login', 'process', 'network'] as const;

/** What the agent tells about itself, for `host.health`. */
export interface AgentFacts {
  /** Bytes of events not yet acknowledged. */
  readonly outboxSizeBytes?: number;
  /** Events not yet acknowledged. */
  readonly outboxEvents?: number;
  /** Sensors that are not of this registry, each as `name=mode`. */
  readonly sensors?: readonly string[];
}

export interface TraceSettings {
  /** Name of the trace instance, which no two agents of a host can share; empty for no kernel events. */
  readonly instance: string;
  /** Room for records that wait to be read, in KiB over all processors. */
  readonly bufferKib: number;
  /** Whether the kernel reads the arguments of new programs through probes. */
  readonly probes: boolean;
}

/** What the file sensor watches besides its own paths, and what it may take. */
export interface FileSettings {
  /** Where the baseline is kept; undefined keeps it in memory, so that a restart begins anew. */
  readonly baselinePath: string | undefined;
  /** How long the baseline waits to keep what was told: longer than an event takes to reach the outbox. */
  readonly commitDelayMs: number;
  /** More paths to watch, as globs. */
  readonly paths: readonly string[];
  /** Paths to leave out, as globs; a folder with all that is in it. */
  readonly excludes: readonly string[];
  /** Larger files are not hashed. */
  readonly hashMaxBytes: number;
  /** What hashing in the background may read. */
  readonly hashBytesPerSecond: number;
}

/** What the package sensor may take for going through files. */
export interface PackageSettings {
  /** Bytes of package files a second that are read to compare them with the package's own sums; 0 for never. */
  readonly verifyBytesPerSecond: number;
  /** Time between the begins of two passes that read every package file. */
  readonly verifyPassMs: number;
  /** Time between the begins of two passes that read only the files that changed since the last. */
  readonly verifyChangedMs: number;
  /** Entries of folders a second that are looked at for set-uid and set-gid files and capabilities; 0 for never. */
  readonly privilegeEntriesPerSecond: number;
  /** Time between the begins of two such walks. */
  readonly privilegePassMs: number;
  /** Time from the start to the first pass of either kind. */
  readonly firstPassMs: number;
}

export interface SensorOptions {
  /** Milliseconds between looks, which fall on multiples of this by the clock. */
  readonly intervalMs?: Partial<Record<SensorName, number>>;
  /** `auto` takes `linux` on Linux and `portable` elsewhere. */
  readonly provider?: 'auto' | 'linux' | 'portable';
  readonly procRoot?: string;
  readonly sysRoot?: string;
  readonly etcRoot?: string;
  readonly varRoot?: string;
  readonly runRoot?: string;
  readonly devRoot?: string;
  /** Root of the package databases that do not live under /var or /etc (apk's /lib/apk). */
  readonly libRoot?: string;
  /** Root of everything the other roots do not name: /usr, /tmp, the homes of users. */
  readonly fsRoot?: string;
  readonly file?: Partial<FileSettings>;
  readonly package?: Partial<PackageSettings>;
  /** Folder whose file system `host.disk.*` is about. */
  readonly dataDir?: string;
  /** Whether logs are read from the journal where there is one. */
  readonly journal?: boolean;
  /** Kernel events on Linux; without a name of the trace instance there are none. */
  readonly trace?: Partial<TraceSettings>;
  /** Log files to follow besides those of the system: `name=pattern` or a pattern, which names its source. */
  readonly logFiles?: readonly string[];
  /** Lines of one log told in a second; more wait in the log. */
  readonly logLinesPerSecond?: number;
  /** What is told of audit records, as far as no other sensor tells it. */
  readonly auditEvents?: readonly (typeof auditKinds)[number][];
  /** Audit records told in a second; more wait in the log. */
  readonly auditRecordsPerSecond?: number;
  /** Folder of what is remembered for the next start: where reading of logs stands, who had an account. Nothing without. */
  readonly stateFolder?: string;
  /** Longest time an event may take until it survives the end of the agent: positions are written that much later. */
  readonly settleMs?: number;
  /** Told of a failed look, once per row of failures with the same message. */
  readonly onError?: (sensor: string, error: unknown) => void;
  readonly agentFacts?: () => AgentFacts;
  /** What differs from the defaults of the packet sensor. */
  readonly packet?: Partial<PacketSettings>;
}

export type ProviderKind = 'linux' | 'portable';

/** Options that have another form with their defaults. */
type PartOptions = 'intervalMs' | 'provider' | 'trace' | 'packet' | 'file' | 'package' | 'stateFolder';

/** Options with every default filled in. */
export interface Settings extends Required<Omit<SensorOptions, PartOptions>> {
  readonly package: PackageSettings;
  readonly file: FileSettings;
  readonly provider: ProviderKind;
  readonly trace: TraceSettings;
  readonly intervalMs: Readonly<Record<SensorName, number>>;
  readonly packet: PacketSettings;
  readonly stateFolder: string | undefined;
}

const linuxIntervals: Record<SensorName, number> = {
  process: 1000,
  network: 1000,
  device: 2000,
  package: 10_000,
  login: 2000,
  account: 2000,
  kernel: 2000,
  packet: 500,
  log: 1000,
  audit: 1000,
  file: 10_000,
  health: 15_000,
};

/** The libraries start child processes for each look, so these look less often. */
const portableIntervals: Record<SensorName, number> = {
  process: 5000,
  network: 5000,
  device: 15_000,
  package: 300_000,
  login: 10_000,
  account: 30_000,
  kernel: 600_000,
  packet: 500,
  log: 5000,
  audit: 60_000,
  file: 60_000,
  health: 15_000,
};

/** Defaults: the real roots, the provider of this platform, its intervals. Undefined intervals keep the default. */
export function settingsOf(options: SensorOptions): Settings {
  const wanted = options.provider ?? 'auto';
  const provider = wanted === 'auto' ? (process.platform === 'linux' ? 'linux' : 'portable') : wanted;
  const intervalMs = { ...(provider === 'linux' ? linuxIntervals : portableIntervals) };
  for (const name of sensorNames) intervalMs[name] = options.intervalMs?.[name] ?? intervalMs[name];
  return Object.freeze({
    provider,
    intervalMs,
    trace: { instance: '', bufferKib: 16_384, probes: true, ...options.trace },
    procRoot: options.procRoot ?? '/proc',
    sysRoot: options.sysRoot ?? '/sys',
    etcRoot: options.etcRoot ?? '/etc',
    varRoot: options.varRoot ?? '/var',
    runRoot: options.runRoot ?? '/run',
    devRoot: options.devRoot ?? '/dev',
    libRoot: options.libRoot ?? '/lib',
    fsRoot: options.fsRoot ?? '/',
    file: {
      baselinePath: undefined,
      commitDelayMs: 2000,
      paths: [],
      excludes: [],
      hashMaxBytes: 4 * 1024 ** 2,
      hashBytesPerSecond: 2 * 1024 ** 2,
      ...options.file,
    },
    package: {
      verifyBytesPerSecond: 128 * 1024,
      verifyPassMs: 86_400_000,
      verifyChangedMs: 3_600_000,
      privilegeEntriesPerSecond: 150,
      privilegePassMs: 86_400_000,
      firstPassMs: 600_000,
      ...options.package,
    },
    dataDir: options.dataDir ?? process.cwd(),
    journal: options.journal ?? true,
    logFiles: options.logFiles ?? [],
    logLinesPerSecond: options.logLinesPerSecond ?? 500,
    auditEvents: options.auditEvents ?? auditKinds,
    auditRecordsPerSecond: options.auditRecordsPerSecond ?? 2000,
    stateFolder: options.stateFolder,
    settleMs: options.settleMs ?? 5000,
    onError: options.onError ?? (() => {}),
    agentFacts: options.agentFacts ?? (() => ({})),
    packet: { ...defaultPacketSettings, ...options.packet },
  });
}

/** The same for a reading of its own beside sensors that run: the kernel's events are theirs. */
export function withoutTrace(settings: Settings): Settings {
  return { ...settings, trace: { ...settings.trace, instance: '' } };
}
