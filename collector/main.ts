/** Wires a collector; everything that needs to know of everything is here. */
import { existsSync } from 'node:fs';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { nowUs } from '#shared/clock.ts';
import { type Config, parseConfig, readConfigFile } from '#shared/config.ts';
import { lockDataFolder, makeDataFolder } from '#shared/data-folder.ts';
import { VedetteError } from '#shared/errors.ts';
import { readText, writeText } from '#shared/files.ts';
import manifest from '../package.json' with { type: 'json' };
import { createApi } from './api/create-api.ts';
import { type Auth, createAuth } from './auth/auth.ts';
import { type Bus, localBus } from './bus.ts';
import { Closing } from './closing.ts';
import { collectorSettings } from './config.ts';
import { eventReader } from './event-reader.ts';
import { type Authority, openAuthority } from './fleet/authority.ts';
import { Commands } from './fleet/commands.ts';
import { createEnrolment, type Enrolment, factsFrom } from './fleet/enrolment.ts';
import { Gateway } from './ingest/gateway.ts';
import { Pipeline } from './ingest/pipeline.ts';
import { Rates } from './rates.ts';
import { hostLedgers } from './status.ts';
import type { AuditStore, CollectorStatus, ControlStore } from './store/contract.ts';
import { openControlStore } from './store/control/open.ts';
import { ReaderThread } from './store/events/reader-thread.ts';

export interface CollectorOptions {
  readonly folder: string;
  /** Settings that go before those of `collector.json`; undefined ones are left. */
  readonly overrides: Readonly<Record<string, unknown>>;
  readonly logger: Logger;
  /** The collector cannot go on; the process should end. */
  readonly onFatal: (error: Error) => void;
}

export interface RunningCollector {
  /** Base URL of API and dashboard. */
  readonly api: string;
  /** `host:port` of the agents' side. */
  readonly agents: string;
  /** File that holds the token of the CLI. */
  readonly tokenFile: string;
  readonly enrolment: Enrolment;
  createSignInLink(): Promise<string>;
  close(): Promise<void>;
}

type CollectorConfig = Config<typeof collectorSettings>;

const packFolder = join(import.meta.dirname, 'rules/pack');
const webFolder = join(import.meta.dirname, 'web/dist');
const ratesMs = 1000;
const seenUpdateMs = 15_000;
const commandLookMs = 1000;

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\./.test(host);
}

function urlHost(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}

/** The token file of the CLI, with a token that works: what is there is kept when it still does. */
async function keepCliToken(folder: string, auth: Auth, audit: AuditStore): Promise<string> {
  const path = join(folder, 'cli.token');
  const kept = readText(path)?.trim();
  if (kept === undefined || (await auth.token(kept)) === undefined) {
    const { token, id } = await auth.createToken('cli', 'admin');
    const detail = { role: 'admin', credential: id };
    await audit.append({
      at: nowUs(),
      actor: 'collector',
      action: 'token.make',
      target: 'token cli',
      detail,
    });
    writeText(path, `${token}\n`);
  }
  return path;
}

class Collector {
  readonly #o: CollectorOptions;
  readonly #config: CollectorConfig;
  readonly #closing: Closing;
  readonly #bus: Bus;
  readonly #rates = new Rates();
  readonly #startedAt = nowUs();
  #authority!: Authority;
  #control!: ControlStore;
  #pipeline!: Pipeline;
  #gateway!: Gateway;
  #reader!: ReaderThread;
  #enrolment!: Enrolment;
  #commands!: Commands;
  #agentPort = 0;

  constructor(options: CollectorOptions, config: CollectorConfig, closing: Closing) {
    this.#o = options;
    this.#config = config;
    this.#closing = closing;
    this.#bus = localBus((error) => options.logger.error({ err: error }, 'a subscriber failed'));
  }

  async start(): Promise<RunningCollector> {
    const { folder } = this.#o;
    const pki = join(folder, 'pki');
    for (const path of [pki, ...['rules', 'lists', 'pipelines'].map((name) => join(folder, name))])
      makeDataFolder(path);
    this.#authority = await openAuthority(pki);
    this.#control = await openControlStore(join(folder, 'control.db'), { durable: true });
    this.#closing.add(() => this.#control.close());
    await this.#control.hosts.disconnectAll();
    await this.#startPipeline();
    this.#reader = new ReaderThread(
      new URL('./reader.worker.ts', import.meta.url),
      join(folder, 'journal.db'),
    );
    this.#closing.add(() => this.#reader.close());
    this.#rates.seed(await this.#reader.arrivals(nowUs() - 900e6));
    this.#enrolment = createEnrolment(this.#authority, this.#control.enrolment, this.#control.hosts, () =>
      this.#ticketAddress(),
    );
    this.#startCommands();
    await this.#startGateway();
    return await this.#startApi();
  }

  async #startPipeline(): Promise<void> {
    const { folder, logger, onFatal } = this.#o;
    const options = {
      journalPath: join(folder, 'journal.db'),
      controlPath: join(folder, 'control.db'),
      rulePaths: [packFolder, join(folder, 'rules'), ...this.#config.rules],
      listPaths: [join(packFolder, 'lists'), join(folder, 'lists')],
      pipelineUses: [{ pipelines: [join(folder, 'pipelines')], under: [join(folder, 'rules')] }],
    };
    this.#pipeline = await Pipeline.start(new URL('./pipeline.worker.ts', import.meta.url), options, {
      onVerdicts: (verdicts) => this.#gateway.judge(verdicts),
      onStored: ({ events, counts }) => {
        this.#rates.add(counts, Math.floor(Date.now() / 1000));
        void this.#bus.publish('stored', { events });
      },
      onAlerts: (alerts) => {
        for (const raised of alerts) {
          const { id, ruleTitle, level, hostName } = raised.alert;
          if (raised.isNew) logger.warn({ alert: id, rule: ruleTitle, level, host: hostName }, 'alert');
          void this.#bus.publish('alert', raised);
        }
      },
      onProblem: (code, detail) => logger.error({ code, detail }, 'pipeline problem'),
      onEnd: onFatal,
    });
    this.#closing.add(() => this.#pipeline.close());
    for (const problem of this.#pipeline.rules.problems) logger.warn(problem, 'rule refused');
  }

  #startCommands(): void {
    const { logger } = this.#o;
    this.#commands = new Commands({
      store: this.#control.commands,
      hostExists: async (hostId) => (await this.#control.hosts.get(hostId)) !== undefined,
      changed: (command) => void this.#bus.publish('command', command),
      log: (level, what, detail) => logger[level](detail, what),
    });
    let looking = Promise.resolve();
    const timer = setInterval(() => {
      looking = looking
        .then(() => this.#commands.look())
        .catch((error: unknown) => logger.warn({ err: error }, 'commands could not be looked through'));
    }, commandLookMs);
    this.#closing.add(async () => {
      clearInterval(timer);
      await looking;
    });
  }

  async #startGateway(): Promise<void> {
    const { agentHost, agentPort, creditBytes, maxBacklogBytes, maxAgents, agentStallMs } = this.#config;
    const { server, caCertificate } = this.#authority;
    this.#gateway = new Gateway({
      host: agentHost,
      port: agentPort,
      tls: { ca: caCertificate, certificate: server.certificate, key: server.key },
      limits: {
        creditBytes,
        helloMs: 10_000,
        stallMs: agentStallMs,
        pingMs: Math.min(10_000, agentStallMs / 2),
      },
      maxConnections: maxAgents,
      maxBacklogBytes,
      enrol: (request) => this.#enrolment.enrol(request),
      hostOf: async (hostId) => {
        const host = await this.#control.hosts.get(hostId);
        return host === undefined ? undefined : { facts: host };
      },
      seen: (hostId, connected, facts) => this.#seen(hostId, connected, facts),
      submit: (batch, data) => this.#pipeline.submit(batch, data),
      backlogBytes: () => this.#pipeline.backlogBytes,
      commands: this.#commands,
      log: (level, what, detail) => this.#o.logger[level](detail, what),
    });
    this.#agentPort = await this.#gateway.listen();
    this.#closing.add(() => this.#gateway.close());
    const refreshing = setInterval(() => void this.#refreshSeen(), seenUpdateMs);
    this.#closing.add(() => clearInterval(refreshing));
  }

  async #seen(hostId: string, connected: boolean, raw?: Readonly<Record<string, unknown>>) {
    const facts = raw === undefined ? undefined : factsFrom(raw);
    await this.#control.hosts.seen(hostId, nowUs(), connected, facts);
    const host = await this.#control.hosts.get(hostId);
    if (host === undefined) throw new VedetteError('identity.unknown_host', `There is no host ${hostId}.`);
    await this.#bus.publish('host', host);
    return host;
  }

  async #refreshSeen(): Promise<void> {
    for (const host of await this.#control.hosts.list()) {
      if (host.connected)
        await this.#seen(host.id, true).catch((error: unknown) =>
          this.#o.logger.warn({ err: error }, 'presence'),
        );
    }
  }

  #ticketAddress(): string {
    const { agentAddress, agentHost } = this.#config;
    if (agentAddress !== '') return agentAddress;
    const isAny = agentHost === '0.0.0.0' || agentHost === '::';
    return `${isAny ? hostname() : urlHost(agentHost)}:${this.#agentPort}`;
  }

  async #status(): Promise<CollectorStatus> {
    const [hosts, streams, totals, lastId, cursor, alerts] = await Promise.all([
      this.#control.hosts.list(),
      this.#reader.ledger(),
      this.#reader.totals(),
      this.#reader.lastId(),
      this.#control.detection.cursor(),
      this.#control.alerts.countByStatus(),
    ]);
    return {
      version: manifest.version,
      startedAt: this.#startedAt,
      hosts: hostLedgers(hosts, streams, (id) => this.#gateway.pendingOf(id)),
      journal: totals,
      detection: {
        rules: this.#pipeline.rules.rules.length,
        lagBatches: Math.max(0, lastId - cursor),
        lagMs: this.#pipeline.lag.ms,
        correlations: this.#pipeline.correlations,
      },
      alerts,
    };
  }

  async #startApi(): Promise<RunningCollector> {
    const { folder } = this.#o;
    const { host } = this.#config;
    const auth = createAuth(this.#control.credentials);
    const { server, caCertificate } = this.#authority;
    const tls = isLoopback(host) ? undefined : { key: server.key, cert: server.certificate + caCertificate };
    const app = await createApi({
      control: this.#control,
      events: eventReader(this.#reader, this.#control),
      bus: this.#bus,
      auth,
      status: () => this.#status(),
      rates: () => this.#rates.all(),
      rules: () => this.#pipeline.rules,
      enrol: this.#enrolment,
      giveCommand: (order) => this.#commands.give(order),
      logger: this.#o.logger,
      ...(existsSync(webFolder) && { webRoot: webFolder }),
      ...(tls !== undefined && { tls }),
    });
    const port = await listen(app, host, this.#config.port);
    this.#closing.add(() => app.close());
    const publishing = setInterval(() => {
      void this.#bus.publish('rates', this.#rates.at(Math.floor(Date.now() / 1000) - 1));
    }, ratesMs);
    this.#closing.add(() => clearInterval(publishing));
    const api = `${tls === undefined ? 'http' : 'https'}://${urlHost(host)}:${port}`;
    const agents = `${urlHost(this.#config.agentHost)}:${this.#agentPort}`;
    const tokenFile = await keepCliToken(folder, auth, this.#control.audit);
    writeText(join(folder, 'run.json'), `${JSON.stringify({ pid: process.pid, api, agents })}\n`);
    return {
      api,
      agents,
      tokenFile,
      enrolment: this.#enrolment,
      createSignInLink: async () => {
        const { url } = await auth.createSignInLink(api);
        const detail = { name: 'admin', role: 'admin' };
        const entry = { actor: 'collector', action: 'sign-in-link.make', target: 'sign-in link', detail };
        await this.#control.audit.append({ at: nowUs(), ...entry });
        return url;
      },
      close: () => this.#closing.run(),
    };
  }
}

async function listen(app: FastifyInstance, host: string, port: number): Promise<number> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    const code =
      (error as NodeJS.ErrnoException).code === 'EADDRINUSE' ? 'listen.port_in_use' : 'listen.denied';
    throw new VedetteError(code, `${host}:${port}: ${(error as Error).message}.`, { cause: error });
  }
  const address = app.server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

/** Starts a collector on a data folder. Throws `data.*`, `listen.*`, `config.invalid`; then nothing is left open. */
export async function startCollector(options: CollectorOptions): Promise<RunningCollector> {
  const closing = new Closing();
  const lock = lockDataFolder(options.folder);
  closing.add(() => lock.release());
  try {
    const file = readConfigFile(join(options.folder, 'collector.json'));
    const given = Object.fromEntries(
      Object.entries(options.overrides).filter(([, value]) => value !== undefined),
    );
    const config = parseConfig(collectorSettings, { ...file, ...given });
    return await new Collector(options, config, closing).start();
  } catch (error) {
    await closing.run();
    throw error;
  }
}
