/** Wires an agent: its sensors into its delivery. */
import { join } from 'node:path';
import { type Config, parseConfig, readConfigFile } from '#shared/config.ts';
import { type FolderLock, lockDataFolder } from '#shared/data-folder.ts';
import { VedetteError } from '#shared/errors.ts';
import { BudgetKeeper } from './budget.ts';
import type { BundleEvent } from './bundle/keeper.ts';
import type { SensorOverrides } from './bundle/sensor-overrides.ts';
import type { CommandHost } from './commands/kind.ts';
import { commandKinds } from './commands/registry.ts';
import { type CommandLogEvent, CommandRunner } from './commands/runner.ts';
import { agentSettings } from './config.ts';
import { controlPath } from './control/path.ts';
import { serveStatus } from './control/server.ts';
import { type DeliveryEvent, startDelivery } from './delivery.ts';
import { startEdge } from './edge/start-edge.ts';
import { hostFacts } from './facts.ts';
import { instanceOf, lockHost } from './host-lock.ts';
import { loadIdentity } from './identity/identity.ts';
import { LiveSensors } from './live-sensors.ts';
import { keepMemorySmall } from './memory.ts';
import type { Outbox } from './outbox/outbox.ts';
import { queryHost } from './query/host.ts';
import { QueryProcess, type QueryRun } from './query/query-process.ts';
import { Scheduler } from './schedule/scheduler.ts';
import { sensorOptionsOf } from './sensor-settings.ts';
import { createSensors } from './sensors/registry.ts';
import type { Sensor } from './sensors/sensor.ts';
import { statusOf, UsageHistory } from './status.ts';

export interface AgentOptions {
  /** The agent's own folder. */
  readonly folder: string;
  /** `host:port` in place of the address of enrolment. */
  readonly address?: string;
  readonly log: (event: AgentLogEvent) => void;
}

export type AgentLogEvent =
  | DeliveryEvent
  | CommandLogEvent
  | BundleEvent
  | { readonly what: 'sensor'; readonly name: string; readonly state: ReturnType<Sensor['state']> };

export interface RunningAgent {
  readonly hostId: string;
  stop(): Promise<void>;
}

type AgentConfig = Config<typeof agentSettings>;

interface Surroundings {
  readonly folder: string;
  readonly config: AgentConfig;
  readonly instance: string;
  /** `host:port` of the collector. */
  readonly address: string;
  readonly outbox: Outbox;
  readonly log: AgentOptions['log'];
}

/** Settings of sensors from a bundle are defaults of the fleet: what the host sets itself goes before them. */
function withOverrides(folder: string, overrides: SensorOverrides): AgentConfig {
  return parseConfig(agentSettings, { ...overrides, ...readConfigFile(join(folder, 'config.json')) });
}

function makeSensors({ folder, config, instance, address, outbox, log }: Surroundings): Sensor[] {
  return createSensors({
    ...sensorOptionsOf(config, { folder, instance, collector: address }),
    agentFacts: () => ({ outboxSizeBytes: outbox.sizeBytes, outboxEvents: outbox.events }),
    onError: (name, error) => {
      log({ what: 'problem', code: 'sensor.failed', detail: `${name}: ${(error as Error).message}.` });
    },
  });
}

async function startWithin(
  options: AgentOptions,
  config: AgentConfig,
  locks: readonly FolderLock[],
): Promise<RunningAgent> {
  const { folder, log } = options;
  const instance = instanceOf(config);
  const identity = loadIdentity(folder);
  if (identity === undefined) throw new VedetteError('agent.not_enrolled', `${folder} holds no identity.`);
  const address = options.address ?? identity.address;
  const host = Promise.withResolvers<CommandHost>();
  const commands = new CommandRunner({
    path: join(folder, 'commands.db'),
    kinds: commandKinds,
    host: host.promise,
    log,
  });
  const queries = new QueryProcess();
  const mayAsk = config.liveQueries === 'on';
  const query = async (run: Omit<QueryRun, 'host'>) => {
    if (!mayAsk) throw new VedetteError('query.disabled', 'The setting `liveQueries` is off.');
    const { status } = await host.promise;
    return queries.run({ ...run, host: queryHost(status(), hostFacts()['agentVersion']) });
  };
  const scheduler = new Scheduler({
    ...{ folder, hostId: identity.hostId, ask: query },
    emit: (event) => delivery.emit(event),
    flush: () => delivery.flush(),
    onProblem: ({ code, detail }) => log({ what: 'problem', code, detail }),
  });
  const edge = startEdge({
    ...{ folder, config, identity, log },
    applySensors: (overrides) => sensors.apply(overrides),
  });
  const overrides = await edge.keeper.open();
  edge.correlations.open();
  const delivery = startDelivery({
    ...{ folder, config, identity, address, commands, log },
    ...{ bundle: edge.keeper, edge: edge.rules },
    ...(mayAsk && { schedule: scheduler }),
  });
  const surroundings = { folder, instance, address, outbox: delivery.outbox, log };
  const sensors = new LiveSensors({
    make: (given) => makeSensors({ ...surroundings, config: withOverrides(options.folder, given) }),
    emit: delivery.emit,
    onStarted: (sensor) => log({ what: 'sensor', name: sensor.describe().name, state: sensor.state() }),
    resting: () => keeper.shed.map(({ name }) => name),
  });
  const letMemoryGrow = keepMemorySmall();
  const budget = {
    cpuShare: config.cpuBudgetPercent / 100,
    rssBytes: config.memoryBudgetMib * 1024 ** 2,
  };
  const keeper = new BudgetKeeper(budget, sensors.all, delivery.emit);
  await sensors.start(overrides);
  const endKeeping = keeper.start();
  const history = new UsageHistory(sensors.all);
  const status = statusOf({
    hostId: identity.hostId,
    instance,
    isConnected: delivery.isConnected,
    outbox: delivery.outbox,
    history,
    budget,
    shed: () => keeper.shed,
    rules: () => {
      const { status, version, digest, code, detail } = edge.keeper.state();
      return { status, version, digest, code, detail };
    },
  });
  if (mayAsk) scheduler.start();
  host.resolve({ status, sensors: sensors.all, flush: delivery.flush, query });
  const endStatus = await serveStatus(controlPath(folder), status);
  return {
    hostId: identity.hostId,
    async stop() {
      letMemoryGrow();
      endKeeping();
      history.close();
      await endStatus();
      await edge.keeper.close();
      await sensors.stop();
      commands.close();
      scheduler.close();
      queries.close();
      await delivery.close();
      edge.correlations.close();
      for (const lock of locks) lock.release();
    },
  };
}

/** Starts an agent on an enrolled folder. Throws `agent.*`, `data.*`, `config.invalid`. */
export async function startAgent(options: AgentOptions): Promise<RunningAgent> {
  const locks = [lockDataFolder(options.folder)];
  try {
    const config = parseConfig(agentSettings, readConfigFile(join(options.folder, 'config.json')));
    const host = lockHost(instanceOf(config));
    if (host !== undefined) locks.push(host);
    return await startWithin(options, config, locks);
  } catch (error) {
    for (const lock of locks) lock.release();
    throw error;
  }
}
