/** Wires a collector; everything that needs to know of everything is here. */

import { existsSync } from 'node:fs';
import { isIP } from 'node:net';
import { availableParallelism, hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { Server as TlsServer } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { nowUs } from '#shared/clock.ts';
import { type Config, parseConfig, readConfigFile } from '#shared/config.ts';
import { lockDataFolder, makeDataFolder } from '#shared/data-folder.ts';
import { ok, VedetteError } from '#shared/errors.ts';
import { readText, writeText } from '#shared/files.ts';
import manifest from '../package.json' with { type: 'json' };
import { advisoryFileIn } from './advisories/advisory-file.ts';
import { Alarm } from './alarm.ts';
import { AlertUpdates } from './alerts/alert-updates.ts';
import { AlertExceptions } from './alerts/exceptions.ts';
import { hostWeights } from './alerts/host-weights.ts';
import { RiskWatch } from './alerts/risk-watch.ts';
import { StoryBuilder } from './alerts/story-builder.ts';
import { Analyses } from './analysis/analyse.ts';
import { createApi } from './api/create-api.ts';
import type { ApiDeps } from './api/deps.ts';
import { type Access, createAccess } from './auth/access.ts';
import { checkNetworks } from './auth/address-list.ts';
import type { Auth } from './auth/auth.ts';
import { OidcProvider } from './auth/oidc/provider.ts';
import { oidcSettings } from './auth/oidc/settings.ts';
import { OidcSignIn } from './auth/oidc/sign-in.ts';
import { Backtests } from './backtest/backtests.ts';
import { Bundles } from './bundles/bundles.ts';
import { checkInThread } from './bundles/check-thread.ts';
import { editBase } from './bundles/edit-base.ts';
import { testFileOf } from './bundles/edits.ts';
import { openOnlineKeys } from './bundles/online-keys.ts';
import { TestTexts } from './bundles/test-texts.ts';
import { type Bus, localBus } from './bus.ts';
import { Closing } from './closing.ts';
import { collectorSettings } from './config.ts';
import { bundleTamperingRule, isIdentityAttack } from './detect/identity-rules.ts';
import { ownAlert } from './detect/own-alert.ts';
import { KeyRing } from './encryption/key-ring.ts';
import { eventCounting, eventReader } from './event-reader.ts';
import type { Audit } from './fleet/audit.ts';
import { type Authority, type CaStatus, openAuthority } from './fleet/authority.ts';
import { DesiredBundles } from './fleet/bundles/desired-bundles.ts';
import { HostBundles } from './fleet/bundles/host-bundles.ts';
import { Commands } from './fleet/commands.ts';
import { createEnrolment, type Enrolment, factsFrom, namelessHost } from './fleet/enrolment.ts';
import { createFleet, type Fleet } from './fleet/hosts.ts';
import { type IdentifyDeps, identify } from './fleet/identify.ts';
import { Issuer } from './fleet/issue.ts';
import { Presence } from './fleet/presence.ts';
import { Asks } from './fleet/query/asks.ts';
import { LiveQueries } from './fleet/query/live-queries.ts';
import { Schedules } from './fleet/query/schedules.ts';
import { Hunts } from './hunt/hunts.ts';
import { HuntSchedules } from './hunt/schedules/hunt-schedules.ts';
import type { CommandChannel } from './ingest/command-channel.ts';
import { Gateway, type Refusal } from './ingest/gateway.ts';
import type { Verdict } from './ingest/messages.ts';
import { Pipeline } from './ingest/pipeline.ts';
import { Intake, intakeConnection } from './intake/intake.ts';
import { hostLedgers } from './ledger/host-ledgers.ts';
import { lackingAlert } from './ledger/ledger-alerts.ts';
import { LedgerWatch } from './ledger/ledger-watch.ts';
import { Rates } from './rates.ts';
import { Resealing } from './resealing.ts';
import { RetentionSettings, writtenRetention } from './retention.ts';
import { Rollouts } from './rollout/rollouts.ts';
import { parseStages } from './rollout/stages.ts';
import { checkRule } from './rules/check-rule.ts';
import { coverageInThread } from './rules/coverage/in-thread.ts';
import type { RuleSource } from './rules/rule-source.ts';
import { sourceInForce } from './rules/rules-in-force.ts';
import { ruleTexts } from './rules/texts.ts';
import type {
  Alert,
  AlertBounds,
  AuditStore,
  CollectorStatus,
  ControlStore,
  Host,
  HostFacts,
  NewAlert,
} from './store/contract.ts';
import { openControlStore } from './store/control/open.ts';
import { EventCounter } from './store/events/event-counts.ts';
import { ReaderThread } from './store/events/reader-thread.ts';
import { EventSearch } from './store/events/search.ts';
import { SegmentSearch } from './store/events/segment-search.ts';
import { SqlEngine } from './store/events/sql/engine.ts';
import { endAtOnce } from './store/failed-sync.ts';
import { checkKeys, ensureKeyFile } from './store/key-use.ts';
import { daysByType } from './store/segments/retention.ts';
import { SealerThread } from './store/segments/sealer-thread.ts';
import type { ProcessTree, TreeBounds } from './tree/contract.ts';
import { processTree } from './tree/tree.ts';

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
  /** Which bundle of rules each host is to run. */
  readonly desiredBundles: DesiredBundles;
  close(): Promise<void>;
}

type CollectorConfig = Config<typeof collectorSettings>;

const packFolder = join(import.meta.dirname, 'rules/pack');
const webFolder = join(import.meta.dirname, 'web/dist');
const ratesMs = 1000;
/** Longest time between looks at whether a certificate is to be renewed or a CA to be retired. */
const maxTendMs = 3_600_000;
const commandLookMs = 1000;
const riskLookMs = 5_000;
const huntLookMs = 1000;
const alertTendMs = 60_000;
/** Alerts given up in one transaction. */
const prunedAtOnce = 200;
/** Longer than any question may take. */
const graceMs = 900_000;

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
  readonly #writtenRetention: ReturnType<typeof writtenRetention>;
  #authority!: Authority;
  #control!: ControlStore;
  #pipeline!: Pipeline;
  #bundles!: Bundles;
  readonly #ruleTests: TestTexts;
  #rollouts!: Rollouts;
  #gateway!: Gateway;
  #reader!: ReaderThread;
  #retention!: RetentionSettings;
  #identifying!: IdentifyDeps;
  #issuer!: Issuer;
  #enrolment!: Enrolment;
  #fleet!: Fleet;
  #alarm!: Alarm;
  #commands!: Commands;
  #sql!: SqlEngine;
  #resealing!: Resealing;
  readonly #asks = new Asks();
  #queries!: LiveQueries;
  #schedules!: Schedules;
  readonly #desired = new DesiredBundles();
  #hostBundles!: HostBundles;
  #agentPort = 0;
  #damagedBatches = 0;
  #sealer: SealerThread | undefined;
  #sealableUpTo = 0;
  #apiServer: unknown;
  #exceptions!: AlertExceptions;
  #intake!: Intake;
  #risk!: RiskWatch;
  readonly #updates = new AlertUpdates((raised) => this.#tellAlert(raised));

  constructor(options: CollectorOptions, given: Readonly<Record<string, unknown>>, closing: Closing) {
    this.#o = options;
    this.#config = parseConfig(collectorSettings, given);
    this.#writtenRetention = writtenRetention(given);
    this.#closing = closing;
    this.#bus = localBus((error) => options.logger.error({ err: error }, 'a subscriber failed'));
    this.#ruleTests = new TestTexts(join(options.folder, 'rule-tests'));
  }

  async start(): Promise<RunningCollector> {
    const { folder } = this.#o;
    const pki = join(folder, 'pki');
    for (const path of [pki, ...['rules', 'lists', 'pipelines'].map((name) => join(folder, name))])
      makeDataFolder(path);
    const { agentCertificateLifeS, serverCertificateLifeS } = this.#config;
    this.#authority = await openAuthority(pki, {
      agentLifeMs: agentCertificateLifeS * 1000,
      serverLifeMs: serverCertificateLifeS * 1000,
    });
    const ring = this.#openKeys();
    this.#control = await openControlStore(join(folder, 'control.db'), {
      durable: true,
      onFailedSync: endAtOnce,
      ring,
      alertBounds: this.#alertBounds,
    });
    this.#closing.add(() => this.#control.close());
    this.#closing.add(() => this.#updates.close());
    await this.#control.hosts.disconnectAll();
    await this.#startPipeline();
    await this.#startBundles();
    await this.#startRollouts();
    await this.#openRetention();
    this.#startSealer();
    this.#startResealing(ring);
    this.#reader = new ReaderThread(
      new URL('./reader.worker.ts', import.meta.url),
      join(folder, 'journal.db'),
      this.#keyFile,
    );
    this.#closing.add(() => this.#reader.close());
    this.#rates.seed(await this.#reader.ratesSince(nowUs() - 900e6));
    this.#makeSql();
    this.#makeIdentity();
    this.#startCommands();
    await this.#startGateway();
    this.#startLedgerWatch();
    return await this.#startApi();
  }

  get #keyFile(): string {
    const { encryptionKeyFile: file } = this.#config;
    return file === '' ? '' : resolve(this.#o.folder, file);
  }

  #openKeys(): KeyRing {
    const journal = join(this.#o.folder, 'journal.db');
    if (ensureKeyFile(this.#keyFile, journal))
      this.#o.logger.warn(
        { file: this.#keyFile },
        'made a file of encryption keys; keep a copy of it elsewhere',
      );
    const ring = new KeyRing(this.#keyFile);
    checkKeys(journal, ring);
    return ring;
  }

  #startResealing(ring: KeyRing): void {
    const { logger } = this.#o;
    this.#resealing = new Resealing({
      ring,
      reseal: () => this.#control.reseal(),
      onDone: (rows, key) =>
        logger.info({ rows, key: key ?? 'none' }, 'alerts and answers follow the key in force'),
      onError: (error) => logger.error({ err: error }, 'alerts and answers could not be encrypted again'),
    });
    this.#closing.add(() => this.#resealing.close());
  }

  readonly #audit: Audit = async (entry) => void (await this.#control.audit.append(entry));

  #makeIdentity(): void {
    const { hosts, certificates, enrolment } = this.#control;
    const graceMs = this.#config.certificateGraceS * 1000;
    this.#identifying = { authority: this.#authority, hosts, certificates, graceMs };
    this.#issuer = new Issuer(this.#authority, certificates, graceMs);
    this.#enrolment = createEnrolment({
      ...this.#identifying,
      tokens: enrolment,
      issuer: this.#issuer,
      address: () => this.#ticketAddress(),
      bundleRoot: () => this.#desired.root,
      audit: this.#audit,
    });
    this.#fleet = createFleet({
      hosts,
      certificates,
      evict: (...args) => this.#gateway.evict(...args),
      audit: this.#audit,
      publish: (host) => this.#bus.publish('host', host),
    });
    this.#alarm = new Alarm(this.#control.alerts, hosts, (raised) => this.#tellAlert(raised));
  }

  #tellAlert(raised: { readonly alert: Alert; readonly isNew: boolean }): void {
    const { id, ruleTitle, level, hostName } = raised.alert;
    if (raised.isNew) {
      // Not `level`: that is the log's own.
      this.#o.logger.warn({ alert: id, rule: ruleTitle, severity: level, host: hostName }, 'alert');
    }
    void this.#bus.publish('alert', raised);
  }

  #onRefused({ code, detail, hostId, from, other }: Refusal): void {
    if (!isIdentityAttack(code) || hostId === undefined) return;
    const fields = {
      'error.code': code,
      'source.address': from,
      ...(other !== undefined && { 'client.address': other }),
    };
    void this.#alarm
      .raise({ code, hostId, detail, fields })
      .catch((error: unknown) => this.#o.logger.error({ err: error }, 'an alert could not be stored'));
  }

  async #renew(hostId: string, csr: string) {
    const issued = await this.#issuer.issue(csr, hostId);
    if (!issued.ok) return issued;
    const { certificate, serial } = issued.value;
    const entry = {
      actor: `host ${hostId}`,
      action: 'certificate.renew',
      target: `host ${hostId}`,
      detail: { serial },
    };
    await this.#audit({ at: nowUs(), ...entry });
    return ok(certificate);
  }

  /** Keeps certificates and CAs up to date while running. */
  async #tendAuthority(): Promise<void> {
    const before = this.#authority.cas.length;
    if (!(await this.#authority.tend())) return;
    this.#takeUpTls();
    const retired = before - this.#authority.cas.length;
    if (retired > 0)
      await this.#audit({
        at: nowUs(),
        actor: 'collector',
        action: 'ca.retire',
        target: 'ca',
        detail: { retired },
      });
  }

  #takeUpTls(): void {
    this.#gateway.renewTls();
    const { key, cert } = this.#authority.server;
    const server = this.#apiServer;
    if (server instanceof TlsServer) server.setSecureContext({ key, cert });
  }

  async #rotateCa(overlapMs: number | undefined, actor: string): Promise<readonly CaStatus[]> {
    const overlap = overlapMs ?? this.#config.caOverlapS * 1000;
    const { fingerprint } = await this.#authority.rotate(overlap);
    this.#takeUpTls();
    const detail = { overlapS: overlap / 1000 };
    await this.#audit({ at: nowUs(), actor, action: 'ca.rotate', target: `ca ${fingerprint}`, detail });
    return this.#authority.cas;
  }

  async #startPipeline(): Promise<void> {
    const { folder, logger, onFatal } = this.#o;
    const options = {
      journalPath: join(folder, 'journal.db'),
      keyFile: this.#keyFile,
      minFreeBytes: this.#config.minFreeBytes,
      controlPath: join(folder, 'control.db'),
      alertBounds: this.#alertBounds,
      advisoryFile: advisoryFileIn(folder),
      rulePaths: this.#rulesInForce.rulePaths,
      listPaths: this.#rulesInForce.listPaths,
      pipelineUses: this.#rulesInForce.uses,
    };
    this.#pipeline = await Pipeline.start(new URL('./pipeline.worker.ts', import.meta.url), options, {
      onVerdicts: (verdicts) => {
        const isOutside = ({ connection }: Verdict) => connection === intakeConnection;
        for (const verdict of verdicts) if (isOutside(verdict)) this.#intake.judge(verdict);
        this.#gateway.judge(verdicts.filter((verdict) => !isOutside(verdict)));
      },
      onStored: ({ events, counts }) => {
        this.#rates.add(counts, Math.floor(Date.now() / 1000));
        void this.#bus.publish('stored', { events });
      },
      onSealable: (upTo) => this.#sealable(upTo),
      onAlerts: (alerts) => {
        for (const raised of alerts) this.#updates.add(raised);
      },
      onProblem: (code, detail) => {
        if (code === 'data.corrupt') this.#damagedBatches++;
        logger.error({ code, detail }, 'pipeline problem');
      },
      onLacking: (hostId, lost) => void this.#tellOfLacking(hostId, lost),
      onEnd: onFatal,
    });
    this.#closing.add(() => this.#pipeline.close());
    for (const problem of this.#pipeline.rules.problems) logger.warn(problem, 'rule refused');
  }

  get #alertBounds(): AlertBounds {
    const { alertQuietS, alertLongestHours, alertMaxPerHour } = this.#config;
    return { quietUs: alertQuietS * 1e6, longestHours: alertLongestHours, maxPerHour: alertMaxPerHour };
  }

  /** What becomes of alerts once they are raised: hidden, put into stories, reckoned as risk, given up. */
  #startAlerts(treeOf: (alertId: string, bounds: TreeBounds) => Promise<ProcessTree>): void {
    const { alerts, alertExceptions, stories } = this.#control;
    const { riskHalfLifeS, riskThreshold: threshold, riskHostWeights } = this.#config;
    const { logger } = this.#o;
    this.#exceptions = new AlertExceptions({
      ...{ store: alertExceptions, alerts, now: nowUs },
      apply: (exceptions) => this.#pipeline.except(exceptions),
    });
    this.#risk = new RiskWatch({
      ...{ alerts, stories, threshold, now: nowUs },
      settings: { halfLifeUs: riskHalfLifeS * 1e6, weights: hostWeights(riskHostWeights) },
      raise: (alert) => this.#raise(alert),
    });
    const builder = new StoryBuilder({
      ...{ stories, treeOf, now: nowUs },
      onChanged: (id) => void this.#tellChanged(id),
      onError: (error) => logger.error({ err: error }, 'alerts could not be put into stories'),
    });
    this.#closing.add(() => builder.close());
    this.#every(riskLookMs, 'risks could not be reckoned', () => this.#risk.look());
    this.#every(alertTendMs, 'old alerts could not be given up', () => this.#tendAlerts());
  }

  async #raise(alert: NewAlert): Promise<void> {
    if (!(await this.#exceptions.hides(alert))) this.#tellAlert(await this.#control.alerts.raise(alert));
  }

  async #tellChanged(id: string): Promise<void> {
    const alert = await this.#control.alerts.get(id).catch(() => undefined);
    if (alert !== undefined) this.#updates.add({ alert, isNew: false });
  }

  async #tendAlerts(): Promise<void> {
    const { alertRetentionDays, alertMaxCount } = this.#config;
    const closedBefore = nowUs() - alertRetentionDays * 86_400e6;
    for (let n = prunedAtOnce; n === prunedAtOnce; )
      n = await this.#control.alerts.prune(closedBefore, alertMaxCount, prunedAtOnce);
    await this.#exceptions.tend();
  }

  /** Does something again and again, never twice at once; what fails is logged and tried again. */
  #every(ms: number, failure: string, work: () => Promise<void>): void {
    let working = Promise.resolve();
    let isBusy = false;
    const timer = setInterval(() => {
      if (isBusy) return;
      isBusy = true;
      working = work()
        .catch((error: unknown) => this.#o.logger.error({ err: error }, failure))
        .finally(() => {
          isBusy = false;
        });
    }, ms);
    this.#closing.add(async () => {
      clearInterval(timer);
      await working;
    });
  }

  get #rulesInForce() {
    const { folder } = this.#o;
    return {
      rulePaths: [packFolder, join(folder, 'rules'), ...this.#config.rules],
      listPaths: [join(packFolder, 'lists'), join(folder, 'lists')],
      uses: [{ pipelines: [join(folder, 'pipelines')], under: [join(folder, 'rules')] }],
    } satisfies RuleSource;
  }

  #ruleSource(): Promise<RuleSource> {
    const { uses: pipelineUses, ...paths } = this.#rulesInForce;
    return sourceInForce(this.#control.bundles, { ...paths, pipelineUses });
  }

  async #ruleTexts(file: string) {
    const { files } = await this.#ruleSource();
    if (files === undefined) return await ruleTexts(file);
    const bytes = files.get(file);
    if (bytes === undefined) return undefined;
    const more = this.#config.rules;
    const base = await editBase(this.#control.bundles, this.#ruleTests, { folder: this.#o.folder, more });
    const tests = base.files.get(testFileOf(file));
    return {
      text: Buffer.from(bytes).toString(),
      tests: tests === undefined ? null : Buffer.from(tests).toString(),
    };
  }

  #makeBacktests(): Backtests {
    const { backtestThreads, backtestMemoryBytes: memoryBytes } = this.#config;
    const backtests = new Backtests({
      entry: new URL('./backtest.process.ts', import.meta.url),
      folder: this.#o.folder,
      keyFile: this.#keyFile,
      threads: Math.min(backtestThreads, availableParallelism()),
      memoryBytes,
      episodes: this.#alertBounds,
      inForce: () => this.#ruleSource(),
      hosts: async () =>
        (await this.#control.hosts.list()).map(({ id, hostname: name, os }) => ({ id, name, product: os })),
      audit: this.#audit,
    });
    this.#closing.add(() => backtests.close());
    return backtests;
  }

  async #startBundles(): Promise<void> {
    const { folder, logger } = this.#o;
    const statementLifeMs = this.#config.bundleStatementS * 1000;
    this.#bundles = await Bundles.open({
      store: this.#control.bundles,
      keys: await openOnlineKeys(join(folder, 'rule-keys')),
      check: (files) => checkInThread(new URL('./bundle-check.worker.ts', import.meta.url), files),
      inForce: () => editBase(this.#control.bundles, this.#ruleTests, { folder, more: this.#config.rules }),
      tests: this.#ruleTests,
      switchTo: async (bundle) => {
        const outcome = await this.#pipeline.switchTo(bundle);
        const { version, digest, content } = bundle;
        if (outcome.ok) this.#desired.setForEveryone({ version, digest, bytes: content });
        return outcome;
      },
      onChange: () => void offer(),
      ...{ statementLifeMs, now: nowUs },
    });
    const offer = () =>
      this.#offerInForce().catch((error: unknown) =>
        logger.error({ err: error }, 'the bundle in force could not be offered to hosts'),
      );
    const tend = async () => {
      await this.#bundles
        .tend()
        .catch((error: unknown) =>
          logger.error({ err: error }, 'the bundle in force could not be stated anew'),
        );
      await offer();
    };
    await tend();
    const timer = setInterval(() => void tend(), Math.min(maxTendMs, statementLifeMs / 10));
    this.#closing.add(() => clearInterval(timer));
  }

  async #startRollouts(): Promise<void> {
    const { rolloutStages: stages, rolloutSoakS: soakS, rolloutApproval } = this.#config;
    // A mistake in the setting is to be told at the start, not at the next push.
    if (stages.length > 0) parseStages(stages);
    const { logger } = this.#o;
    this.#rollouts = await Rollouts.open({
      store: this.#control.rollouts,
      bundles: this.#bundles,
      desired: this.#desired,
      hosts: this.#control.hosts,
      said: () => this.#control.hostBundles.list(),
      usual: { stages, soakS, needsApproval: rolloutApproval === 'second-person' },
      changed: (rollout) => {
        const { id, version, state, reason } = rollout;
        const isBad = state === 'halted' || state === 'rolled-back';
        logger[isBad ? 'warn' : 'info']({ rollout: id, bundle: version, state, reason }, 'rollout');
        void this.#bus.publish('rollout', rollout);
      },
      onError: (error) => logger.error({ err: error }, 'a rollout could not go on'),
      now: nowUs,
    });
    this.#closing.add(() => this.#rollouts.close());
  }

  /** Hosts run what the collector runs, with the newest statement about it. */
  async #offerInForce(): Promise<void> {
    this.#desired.setRoot((await this.#bundles.root()).document);
    const { inForce, refusedWith } = await this.#bundles.list();
    if (inForce === null) return;
    const { version, digest } = inForce;
    // A host that would refuse it would tell of tampering where there is none.
    const offered =
      refusedWith === null ? { version, digest, bytes: await this.#bundles.content(version) } : undefined;
    // Another one may have been put in force meanwhile, and be offered already.
    if ((await this.#control.bundles.inForce())?.at === inForce.at) this.#desired.setForAll(offered);
  }

  #sealable(upTo: number): void {
    if (upTo === this.#sealableUpTo) return;
    this.#sealableUpTo = upTo;
    this.#sealer?.sealable(upTo);
  }

  async #openRetention(): Promise<void> {
    const { retentionDays: days, retentionByType, retentionMaxBytes: maxBytes } = this.#config;
    this.#retention = await RetentionSettings.open({
      store: this.#control.retentionSettings,
      configured: { days, daysByType: daysByType(retentionByType), maxBytes },
      written: this.#writtenRetention,
      outdated: (retention) => this.#reader.outdated(retention),
      apply: (retention) => this.#sealer?.retain(retention),
      now: nowUs,
    });
  }

  #startSealer(): void {
    const { folder, logger, onFatal } = this.#o;
    const { sealEvents, sealMs } = this.#config;
    const options = {
      journalPath: join(folder, 'journal.db'),
      keyFile: this.#keyFile,
      controlPath: join(folder, 'control.db'),
      folder: join(folder, 'segments'),
      ...{ sealEvents, sealMs, retention: this.#retention.inForce, graceMs },
    };
    const sealer = new SealerThread(new URL('./sealer.worker.ts', import.meta.url), options, {
      onSealed: (run) => logger.debug(run, 'sealed'),
      onProblem: (detail) => logger.error({ code: 'store.seal_failed', detail }, 'sealing failed'),
      onEnd: onFatal,
    });
    this.#sealer = sealer;
    this.#closing.add(() => sealer.close());
    sealer.sealable(this.#sealableUpTo);
  }

  async #tellOfLacking(hostId: string, lost: number): Promise<void> {
    const { logger } = this.#o;
    logger.warn({ host: hostId, lost }, 'acknowledged events are not in the journal; they count as lost');
    try {
      const host = await this.#control.hosts.get(hostId);
      const alert = lackingAlert(hostId, host?.hostname ?? 'unnamed', lost);
      this.#tellAlert(await this.#control.alerts.raise(alert));
    } catch (error) {
      logger.error({ err: error }, 'an alert could not be stored');
    }
  }

  async #tellOfTampering(hostId: string, code: string, detail: string): Promise<void> {
    const host = await this.#control.hosts.get(hostId);
    const sighting = {
      ...({ rule: bundleTamperingRule, dataset: 'collector.bundle', hostId, at: nowUs() } as const),
      hostName: host?.hostname ?? 'unnamed',
      reason: `${bundleTamperingRule.title}: ${detail}`,
      fields: { 'error.code': code },
    };
    this.#tellAlert(await this.#control.alerts.raise(ownAlert(sighting)));
  }

  #makeSql(): void {
    const { huntThreads, huntMemoryBytes, huntSpillBytes } = this.#config;
    this.#sql = new SqlEngine({
      entry: new URL('./hunt.process.ts', import.meta.url),
      folder: this.#o.folder,
      threads: huntThreads,
      memoryBytes: huntMemoryBytes,
      spillBytes: huntSpillBytes,
      keyFile: this.#keyFile,
      hostNames: async () =>
        (await this.#control.hosts.list()).map(({ id, hostname }) => ({ id, name: hostname })),
      log: (what, detail) => this.#o.logger.warn(detail, what),
    });
    this.#closing.add(() => this.#sql.close());
  }

  #startLedgerWatch(): void {
    const watch = new LedgerWatch({
      everyMs: this.#config.ledgerMs,
      status: () => this.#status(),
      raise: async (alert) => this.#tellAlert(await this.#control.alerts.raise(alert)),
      onError: (error) => this.#o.logger.error({ err: error }, 'the ledger could not be reconciled'),
    });
    this.#closing.add(() => watch.close());
  }

  #startCommands(): void {
    const { logger } = this.#o;
    this.#commands = new Commands({
      store: this.#control.commands,
      hostExists: async (hostId) => (await this.#control.hosts.get(hostId)) !== undefined,
      changed: (command) => void this.#bus.publish('command', command),
      log: (level, what, detail) => logger[level](detail, what),
    });
    this.#queries = new LiveQueries({
      asks: this.#asks,
      hosts: this.#control.hosts,
      audit: this.#audit,
      log: (level, what, detail) => logger[level](detail, what),
    });
    this.#closing.add(() => this.#queries.close());
    this.#hostBundles = new HostBundles({
      store: this.#control.hostBundles,
      desired: this.#desired,
      audit: this.#audit,
      onTampering: (hostId, code, detail) => this.#tellOfTampering(hostId, code, detail),
      // Hosts connect once everything is there, and this is made before what watches rollouts.
      onKept: () => this.#rollouts?.look(),
      log: (level, what, detail) => logger[level](detail, what),
    });
    this.#closing.add(() => this.#hostBundles.close());
    const { querySchedules, hosts } = this.#control;
    this.#schedules = new Schedules({ store: querySchedules, hosts });
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

  /** Everything that talks to agents besides events. */
  #commandChannel(): CommandChannel {
    const asks = this.#asks;
    const commands = this.#commands;
    const schedules = this.#schedules;
    const hostBundles = this.#hostBundles;
    return {
      async opened(link) {
        asks.opened(link);
        hostBundles.opened(link);
        await commands.opened(link);
        await schedules.opened(link);
      },
      closed(link) {
        asks.closed(link);
        commands.closed(link);
        schedules.closed(link);
        hostBundles.closed(link);
      },
      async result(link, frame) {
        if (!asks.result(link, frame)) await commands.result(link, frame);
      },
      part: (link, frame) => asks.part(link, frame),
      rules: (link, frame) => hostBundles.said(link, frame),
    };
  }

  async #startGateway(): Promise<void> {
    const { agentHost, agentPort, creditBytes, maxBacklogBytes, maxAgents, agentStallMs } = this.#config;
    const { serverCertificateLifeS, caOverlapS, cloneProbeMs } = this.#config;
    const presence = new Presence({
      hosts: this.#control.hosts,
      factsOf: (host, raw) => this.#factsOf(host, factsFrom(raw)),
      onHost: (host) => void this.#bus.publish('host', host),
      onProblem: (error) => this.#o.logger.warn({ err: error }, 'presence'),
    });
    this.#closing.add(() => presence.close());
    this.#gateway = new Gateway({
      host: agentHost,
      port: agentPort,
      tls: () => this.#authority.server,
      limits: {
        creditBytes,
        helloMs: 10_000,
        stallMs: agentStallMs,
      },
      maxConnections: maxAgents,
      maxBacklogBytes,
      probeMs: cloneProbeMs,
      enrol: (request, certificate) => this.#enrolment.enrol(request, certificate),
      identify: (certificate) => identify(this.#identifying, certificate),
      renew: (hostId, csr) => this.#renew(hostId, csr),
      trust: () => this.#authority.trust,
      onRefused: (refusal) => this.#onRefused(refusal),
      seen: (hostId, connected, facts) => presence.seen(hostId, connected, facts),
      submit: (batch, data) => this.#pipeline.submit(batch, data),
      settle: (marks) => this.#pipeline.settle(marks),
      backlogBytes: () => this.#pipeline.backlogBytes,
      commands: this.#commandChannel(),
      log: (level, what, detail) => this.#o.logger[level](detail, what),
    });
    this.#agentPort = await this.#gateway.listen();
    this.#closing.add(() => this.#gateway.close());
    const shortestS = Math.max(1, Math.min(serverCertificateLifeS, caOverlapS) / 10);
    const tending = setInterval(
      () =>
        void this.#tendAuthority().catch((error: unknown) =>
          this.#o.logger.error({ err: error }, 'certificates could not be renewed'),
        ),
      Math.min(maxTendMs, shortestS * 1000),
    );
    this.#closing.add(() => clearInterval(tending));
  }

  /** A host that claims the name of another active host keeps the one it had. */
  async #factsOf(host: Host, facts: HostFacts): Promise<HostFacts> {
    const { id, hostname } = host;
    if (hostname.toLowerCase() === facts.hostname.toLowerCase()) return facts;
    if (facts.hostname === namelessHost) return { ...facts, hostname };
    if (!(await this.#control.hosts.isNameOfAnother(id, facts.hostname))) return facts;
    const detail = `${hostname} calls itself ${facts.hostname}.`;
    this.#gateway.refuseClaim({ code: 'identity.name_taken', detail, hostId: id });
    return { ...facts, hostname };
  }

  #ticketAddress(): string {
    const { agentAddress, agentHost } = this.#config;
    if (agentAddress !== '') return agentAddress;
    const isAny = agentHost === '0.0.0.0' || agentHost === '::';
    return `${isAny ? hostname() : urlHost(agentHost)}:${this.#agentPort}`;
  }

  async #status(): Promise<CollectorStatus> {
    const cursor = await this.#control.detection.cursor();
    const [hosts, streams, undetected, totals, storage, lastId, alerts] = await Promise.all([
      this.#control.hosts.list(),
      this.#reader.ledger(),
      this.#reader.eventsAfter(cursor),
      this.#reader.totals(),
      this.#reader.storage(join(this.#o.folder, 'segments'), this.#retention.inForce),
      this.#reader.lastId(),
      this.#control.alerts.countByStatus(),
    ]);
    return {
      version: manifest.version,
      startedAt: this.#startedAt,
      hosts: hostLedgers(hosts, streams, (id) => this.#gateway.pendingOf(id), undetected),
      journal: totals,
      storage: { ...storage, encryption: { ...storage.encryption, isPending: this.#resealing.isPending } },
      detection: {
        rules: this.#pipeline.rules.rules.length,
        bundle: this.#pipeline.rules.bundle,
        lagBatches: Math.max(0, lastId - cursor),
        lagMs: this.#pipeline.lag.ms,
        damagedBatches: this.#damagedBatches,
        correlations: this.#pipeline.correlations,
      },
      alerts,
    };
  }

  /** From where, how often and through whom people may come. Throws `config.invalid`. */
  #entrySettings(access: Access): Partial<ApiDeps> {
    const { trustedProxies, requestsPerMinute, tokenRequestsPerMinute } = this.#config;
    const publicUrl = originOf(this.#config.publicUrl);
    const settings = oidcSettings(this.#config);
    checkNetworks('trustedProxies', trustedProxies);
    const { auth, accounts } = access;
    const { accounts: store, audit } = this.#control;
    const parts = { store, accounts, audit, auth, now: Date.now };
    return {
      limits: { perAddress: requestsPerMinute, perCaller: tokenRequestsPerMinute },
      ...(trustedProxies.length > 0 && { trustedProxies }),
      ...(publicUrl !== undefined && { publicUrl }),
      ...(settings && { oidc: new OidcSignIn({ provider: new OidcProvider(settings), ...parts }) }),
    };
  }

  async #scheduleHunts(hunts: Hunts): Promise<HuntSchedules> {
    const { huntSchedules: store, hosts } = this.#control;
    const raise = (alert: NewAlert) => this.#raise(alert);
    const schedules = await HuntSchedules.open({ store, hunts, hosts, raise, now: nowUs });
    this.#every(huntLookMs, 'scheduled hunts could not be run', () => schedules.look());
    this.#closing.add(() => schedules.close());
    return schedules;
  }

  async #startApi(): Promise<RunningCollector> {
    const { folder } = this.#o;
    const { host } = this.#config;
    const access = createAccess(this.#control);
    const { auth } = access;
    const { key, cert } = this.#authority.server;
    const tls = isLoopback(host) ? undefined : { key, cert };
    const segments = new SegmentSearch(this.#sql, () => this.#reader.sealedSpan());
    const events = eventReader(new EventSearch(this.#reader, segments), this.#control);
    const { hosts, alerts } = this.#control;
    const treeOf = (id: string, bounds: TreeBounds) =>
      processTree({ events, hosts, alerts, now: nowUs }, { by: 'alert', id }, bounds);
    this.#startAlerts(treeOf);
    this.#intake = new Intake({
      ...{ hosts, alerts },
      submit: (batch, data) => this.#pipeline.submit(batch, data),
      lastStored: () => this.#reader.lastId(),
      lastDetected: () => this.#control.detection.cursor(),
      backlogBytes: () => this.#pipeline.backlogBytes,
      maxBacklogBytes: this.#config.maxBacklogBytes,
    });
    const hunts = new Hunts({ sql: this.#sql, store: this.#control.hunts, audit: this.#audit });
    const huntSchedules = await this.#scheduleHunts(hunts);
    const app = await createApi({
      control: this.#control,
      events,
      eventCounts: eventCounting(new EventCounter(this.#sql), this.#control),
      tree: (subject, bounds) => processTree({ events, hosts, alerts, now: nowUs }, subject, bounds),
      bus: this.#bus,
      auth,
      access,
      status: () => this.#status(),
      rates: () => this.#rates.all(),
      rules: () => this.#pipeline.rules,
      detectors: () => this.#pipeline.detectors,
      ruleTexts: (file) => this.#ruleTexts(file),
      checkRule: (text, tests) => checkRule(text, tests, this.#rulesInForce.listPaths),
      coverage: async () =>
        coverageInThread(new URL('./coverage.worker.ts', import.meta.url), await this.#ruleSource()),
      exceptions: this.#exceptions,
      risks: () => this.#risk.risks(),
      bundles: this.#bundles,
      retention: this.#retention,
      rollouts: this.#rollouts,
      enrol: this.#enrolment,
      fleet: this.#fleet,
      ca: { list: () => this.#authority.cas, rotate: (overlapMs, actor) => this.#rotateCa(overlapMs, actor) },
      giveCommand: (order) => this.#commands.give(order),
      intake: this.#intake,
      hunts,
      huntSchedules,
      analyses: new Analyses({ hunts, hosts }),
      backtests: this.#makeBacktests(),
      queries: this.#queries,
      schedules: this.#schedules,
      logger: this.#o.logger,
      ...(existsSync(webFolder) && { webRoot: webFolder }),
      ...(tls !== undefined && { tls }),
      ...this.#entrySettings(access),
    });
    const port = await listen(app, host, this.#config.port);
    this.#apiServer = app.server;
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
      desiredBundles: this.#desired,
      createSignInLink: async () => {
        const { name } = await access.accounts.firstAdmin();
        const { url } = await auth.createSignInLink(originOf(this.#config.publicUrl) ?? api, { name });
        const detail = { name };
        const entry = { actor: 'collector', action: 'sign-in-link.make', target: 'sign-in link', detail };
        await this.#control.audit.append({ at: nowUs(), ...entry });
        return url;
      },
      close: () => this.#closing.run(),
    };
  }
}

/** Throws `config.invalid`. */
function originOf(text: string): string | undefined {
  if (text === '') return undefined;
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`) return url.origin;
  throw new VedetteError('config.invalid', 'publicUrl must be an origin like https://edr.example.org.');
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
    return await new Collector(options, { ...file, ...given }, closing).start();
  } catch (error) {
    await closing.run();
    throw error;
  }
}
