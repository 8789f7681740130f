/** Wires an agent: its sensors into its delivery. */
import { join } from 'node:path';
import { type Config, parseConfig, readConfigFile } from '#shared/config.ts';
import { type FolderLock, lockDataFolder } from '#shared/data-folder.ts';
import { VedetteError } from '#shared/errors.ts';
import { agentSettings } from './config.ts';
import { type DeliveryEvent, startDelivery } from './delivery.ts';
import { loadIdentity } from './identity/identity.ts';
import { keepMemorySmall } from './memory.ts';
import type { Outbox } from './outbox/outbox.ts';
import { createSensors } from './sensors/registry.ts';
import type { Sensor } from './sensors/sensor.ts';

export interface AgentOptions {
  /** The agent's own folder. */
  readonly folder: string;
  /** `host:port` in place of the address of enrolment. */
  readonly address?: string;
  readonly log: (event: AgentLogEvent) => void;
}

export type AgentLogEvent =
  | DeliveryEvent
  | { readonly what: 'sensor'; readonly name: string; readonly state: ReturnType<Sensor['state']> };

export interface RunningAgent {
  readonly hostId: string;
  stop(): Promise<void>;
}

type AgentConfig = Config<typeof agentSettings>;

function makeSensors(
  folder: string,
  config: AgentConfig,
  outbox: Outbox,
  log: AgentOptions['log'],
): Sensor[] {
  const interval = (ms: number) => (ms === 0 ? undefined : ms);
  return createSensors({
    provider: config.provider,
    intervalMs: {
      process: interval(config.processIntervalMs),
      network: interval(config.networkIntervalMs),
      device: interval(config.deviceIntervalMs),
      package: interval(config.packageIntervalMs),
      login: interval(config.loginIntervalMs),
      account: interval(config.accountIntervalMs),
      file: interval(config.fileIntervalMs),
      health: interval(config.healthIntervalMs),
    },
    file: {
      baselinePath: join(folder, 'files.db'),
      commitDelayMs: Math.max(2000, 2 * config.flushMs),
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
    agentFacts: () => ({ outboxSizeBytes: outbox.sizeBytes, outboxEvents: outbox.events }),
    onError: (name, error) => {
      log({ what: 'problem', code: 'sensor.failed', detail: `${name}: ${(error as Error).message}.` });
    },
  });
}

async function startWithin(options: AgentOptions, lock: FolderLock): Promise<RunningAgent> {
  const { folder, log } = options;
  const config = parseConfig(agentSettings, readConfigFile(join(folder, 'config.json')));
  const identity = loadIdentity(folder);
  if (identity === undefined) throw new VedetteError('agent.not_enrolled', `${folder} holds no identity.`);
  const delivery = startDelivery({
    folder,
    config,
    identity,
    address: options.address ?? identity.address,
    log,
  });
  const sensors = makeSensors(folder, config, delivery.outbox, log);
  await Promise.all(
    sensors.map(async (sensor) => {
      const state = await sensor.start(delivery.emit);
      log({ what: 'sensor', name: sensor.describe().name, state });
    }),
  );
  const letMemoryGrow = keepMemorySmall();
  return {
    hostId: identity.hostId,
    async stop() {
      letMemoryGrow();
      await Promise.all(sensors.map((sensor) => sensor.stop()));
      await delivery.close();
      lock.release();
    },
  };
}

/** Starts an agent on an enrolled folder. Throws `agent.not_enrolled`, `data.*`, `config.invalid`. */
export async function startAgent(options: AgentOptions): Promise<RunningAgent> {
  const lock = lockDataFolder(options.folder);
  try {
    return await startWithin(options, lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}
