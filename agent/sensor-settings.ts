import { join } from 'node:path';
import type { Config } from '#shared/config.ts';
import type { agentSettings } from './config.ts';
import { busyFactor } from './outbox/intake.ts';
import { auditKinds, type SensorName, type SensorOptions, sensorNames } from './sensors/options.ts';
import type { PacketSettings } from './sensors/packet/settings.ts';

type AgentConfig = Config<typeof agentSettings>;

/** What sensors must know of the agent they are of. */
export interface SensorPlace {
  /** The agent's own folder. */
  readonly folder: string;
  /** Name of the agent on the host. */
  readonly instance: string;
  /** `host:port` of the collector. */
  readonly collector: string;
}

/** For an event to get through the outbox beside its two waits. */
const marginMs = 3000;
/** The baseline of files is kept no sooner after its events. */
const leastCommitDelayMs = 2000;

/** The agent's settings as its sensors take them. */
export function sensorOptionsOf(config: AgentConfig, place: SensorPlace): SensorOptions {
  const { folder, instance, collector } = place;
  const flushMs = busyFactor * Math.max(config.flushMs, config.flushNormalMs);
  return {
    provider: config.provider,
    intervalMs: intervalsOf(config),
    trace: {
      instance: config.kernelEvents === 'off' ? '' : instance,
      bufferKib: config.kernelBufferKib,
      probes: config.kernelArguments === 'auto',
    },
    packet: packetSettingsOf(config, collector),
    file: {
      baselinePath: join(folder, 'files.db'),
      commitDelayMs: Math.max(leastCommitDelayMs, flushMs),
      paths: config.filePaths,
      excludes: config.fileExcludes,
      hashMaxBytes: config.fileHashMaxBytes,
      hashBytesPerSecond: config.fileHashBytesPerSecond,
    },
    package: {
      verifyBytesPerSecond: config.packageVerifyBytesPerSecond,
      verifyPassMs: config.packageVerifyPassMs,
      verifyChangedMs: config.packageVerifyChangedMs,
      privilegeEntriesPerSecond: config.privilegeEntriesPerSecond,
      privilegePassMs: config.privilegePassMs,
    },
    dataDir: folder,
    stateFolder: folder,
    settleMs: flushMs + config.syncMs + marginMs,
    logFiles: config.logFiles,
    auditEvents: auditKinds.filter((kind) => config.auditEvents.includes(kind)),
    auditRecordsPerSecond: config.auditRecordsPerSecond,
    logLinesPerSecond: config.logLinesPerSecond,
  };
}

/** Of the sensors whose setting is not 0, which stands for the sensor's own default. */
function intervalsOf(config: AgentConfig): Partial<Record<SensorName, number>> {
  const set = sensorNames.map((name) => [name, config[`${name}IntervalMs`]] as const);
  return Object.fromEntries(set.filter(([, ms]) => ms !== 0));
}

/** The settings of the packet sensor; the connection to `collector` (`host:port`) is not captured. */
export function packetSettingsOf(config: AgentConfig, collector: string): PacketSettings {
  return {
    capture: config.packetCapture === 'off' ? 'off' : 'auto',
    interfaces: config.packetInterfaces,
    filter: config.packetFilter,
    snapBytes: config.packetSnapBytes,
    ringBytes: config.packetRingBytes,
    cpuPercent: config.packetCpuPercent,
    eventsPerSecond: config.packetEventsPerSecond,
    flows: config.packetFlows,
    questions: config.packetQuestions,
    streamBytes: config.packetStreamBytes,
    flowReportMs: config.packetFlowReportMs,
    scanTargets: config.packetScanTargets,
    collector,
  };
}
