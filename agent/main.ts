/** Wires an agent: sensors into the intake, intake into the outbox, outbox over the uplink. */
import { join } from 'node:path';
import { type Config, parseConfig, readConfigFile } from '#shared/config.ts';
import { type FolderLock, lockDataFolder } from '#shared/data-folder.ts';
import { VedetteError } from '#shared/errors.ts';
import { agentSettings } from './config.ts';
import { hostFacts } from './facts.ts';
import { type AgentIdentity, loadIdentity } from './identity/identity.ts';
import { Intake } from './outbox/intake.ts';
import { Outbox } from './outbox/outbox.ts';
import { createSensors } from './sensors/registry.ts';
import type { Sensor } from './sensors/sensor.ts';
import { Uplink, type UplinkEvent } from './uplink/uplink.ts';

export interface AgentOptions {
  /** The agent's own folder. */
  readonly folder: string;
  /** `host:port` in place of the address of enrolment. */
  readonly address?: string;
  readonly log: (event: AgentLogEvent) => void;
}

export type AgentLogEvent =
  | UplinkEvent
  | { readonly what: 'sensor'; readonly name: string; readonly state: ReturnType<Sensor['state']> }
  | { readonly what: 'problem'; readonly code: string; readonly detail: string };

export interface RunningAgent {
  readonly hostId: string;
  stop(): Promise<void>;
}

type AgentConfig = Config<typeof agentSettings>;

function openOutbox(folder: string, config: AgentConfig, log: AgentOptions['log']): Outbox {
  const outbox = new Outbox({
    path: join(folder, 'outbox.db'),
    maxBytes: config.outboxMaxBytes,
    maxAgeMs: config.outboxMaxAgeMs,
  });
  if (outbox.setAside !== undefined) {
    log({ what: 'problem', code: 'agent.outbox_corrupt', detail: `Moved to ${outbox.setAside}.` });
  }
  return outbox;
}

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
      health: interval(config.healthIntervalMs),
    },
    dataDir: folder,
    agentFacts: () => ({ outboxSizeBytes: outbox.sizeBytes, outboxEvents: outbox.events }),
    onError: (name, error) => {
      log({ what: 'problem', code: 'sensor.failed', detail: `${name}: ${(error as Error).message}.` });
    },
  });
}

function makeUplink(
  identity: AgentIdentity,
  config: AgentConfig,
  outbox: Outbox,
  options: AgentOptions,
): Uplink {
  return new Uplink({
    address: options.address ?? identity.address,
    identity,
    outbox,
    facts: hostFacts(),
    backoffMs: { min: config.backoffMinMs, max: config.backoffMaxMs },
    pingMs: config.pingMs,
    stallMs: config.stallMs,
    log: options.log,
  });
}

/** Keeps the outbox within its bounds and on the disk. */
function tend(outbox: Outbox, uplink: Uplink, syncMs: number, log: AgentOptions['log']): NodeJS.Timeout {
  return setInterval(() => {
    try {
      outbox.sync();
      const lost = outbox.shed(uplink.isSent);
      if (lost > 0)
        log({ what: 'problem', code: 'agent.outbox_full', detail: `${lost} events were given up.` });
    } catch (error) {
      log({ what: 'problem', code: 'data.unreadable', detail: `outbox: ${(error as Error).message}.` });
    }
  }, syncMs);
}

async function startWithin(options: AgentOptions, lock: FolderLock): Promise<RunningAgent> {
  const { folder, log } = options;
  const config = parseConfig(agentSettings, readConfigFile(join(folder, 'config.json')));
  const identity = loadIdentity(folder);
  if (identity === undefined) throw new VedetteError('agent.not_enrolled', `${folder} holds no identity.`);
  const outbox = openOutbox(folder, config, log);
  const uplink = makeUplink(identity, config, outbox, options);
  const intake = new Intake({
    outbox,
    batchEvents: config.batchEvents,
    flushMs: config.flushMs,
    queueEvents: config.queueEvents,
    onKept: uplink.wake,
    onDiskError: (error) => {
      if (error !== undefined)
        log({ what: 'problem', code: 'data.unreadable', detail: `outbox: ${error.message}.` });
    },
  });
  const sensors = makeSensors(folder, config, outbox, log);
  uplink.start();
  const tending = tend(outbox, uplink, config.syncMs, log);
  for (const sensor of sensors) {
    const state = await sensor.start(intake.emit);
    log({ what: 'sensor', name: sensor.describe().name, state });
  }
  return {
    hostId: identity.hostId,
    async stop() {
      clearInterval(tending);
      await Promise.all(sensors.map((sensor) => sensor.stop()));
      intake.close();
      await uplink.stop();
      outbox.close();
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
