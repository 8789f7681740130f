/** A whole API over real parts: control store on disk, bus, auth, sockets. Only the event reader is the tests' own. */
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import type { Test } from 'tap';
import { ok } from '#shared/errors.ts';
import { AlertExceptions } from '../../../collector/alerts/exceptions.ts';
import { RiskWatch } from '../../../collector/alerts/risk-watch.ts';
import { Analyses } from '../../../collector/analysis/analyse.ts';
import { createApi } from '../../../collector/api/create-api.ts';
import type { ApiDeps } from '../../../collector/api/deps.ts';
import { createAccess } from '../../../collector/auth/access.ts';
import type { OidcSignIn } from '../../../collector/auth/oidc/sign-in.ts';
import { Backtests } from '../../../collector/backtest/backtests.ts';
import { Bundles } from '../../../collector/bundles/bundles.ts';
import { checkSource } from '../../../collector/bundles/check.ts';
import { openOnlineKeys } from '../../../collector/bundles/online-keys.ts';
import { localBus } from '../../../collector/bus.ts';
import { eventCounting } from '../../../collector/event-reader.ts';
import type { Audit } from '../../../collector/fleet/audit.ts';
import { openAuthority } from '../../../collector/fleet/authority.ts';
import { DesiredBundles } from '../../../collector/fleet/bundles/desired-bundles.ts';
import { Commands } from '../../../collector/fleet/commands.ts';
import { createEnrolment } from '../../../collector/fleet/enrolment.ts';
import { createFleet } from '../../../collector/fleet/hosts.ts';
import { Issuer } from '../../../collector/fleet/issue.ts';
import { Asks } from '../../../collector/fleet/query/asks.ts';
import { LiveQueries } from '../../../collector/fleet/query/live-queries.ts';
import { Schedules } from '../../../collector/fleet/query/schedules.ts';
import { Hunts } from '../../../collector/hunt/hunts.ts';
import { HuntSchedules } from '../../../collector/hunt/schedules/hunt-schedules.ts';
import { RetentionSettings } from '../../../collector/retention.ts';
import { Rollouts } from '../../../collector/rollout/rollouts.ts';
import { checkRule } from '../../../collector/rules/check-rule.ts';
import { coverageInThread } from '../../../collector/rules/coverage/in-thread.ts';
import { packListsPath, packPath } from '../../../collector/rules/load.ts';
import type {
  CollectorStatus,
  ControlStore,
  RatePoint,
  Role,
  StoredEvent,
} from '../../../collector/store/contract.ts';
import { openControlStore } from '../../../collector/store/control/open.ts';
import { EventCounter } from '../../../collector/store/events/event-counts.ts';
import { SqlEngine } from '../../../collector/store/events/sql/engine.ts';
import { openJournalReader } from '../../../collector/store/journal/reader.ts';
import { openJournalWriter } from '../../../collector/store/journal/writer.ts';
import { processTree } from '../../../collector/tree/tree.ts';
import { tempFolder } from '../../temp.ts';
import { editingOver } from '../bundles/editing.ts';
import { ArrayEventReader } from './event-reader.ts';

export const startedAt = 1_700_000_000_123_456;

export function storedEvent(index: number, over: Partial<StoredEvent['event']> = {}): StoredEvent {
  return {
    id: `h1:s1:${index}:0`,
    hostId: 'h1',
    hostName: 'web-1',
    event: {
      type: 'process.start',
      time: startedAt + index * 1_000_000,
      'process.pid': 1000 + index,
      'process.entity_id': `entity-${index}`,
      'process.start': startedAt + index * 1_000_000 - 5,
      'process.name': 'curl',
      'process.executable': '/usr/bin/curl',
      'process.command_line': `curl -s https://example.org/${index}`,
      'user.name': index % 2 === 0 ? 'root' : 'www-data',
      ...over,
    } as StoredEvent['event'],
  };
}

async function statusOf(control: ControlStore, events: ArrayEventReader): Promise<CollectorStatus> {
  const hosts = await control.hosts.list();
  const stored = events.events.length;
  return {
    version: '0.1.0',
    startedAt,
    hosts: hosts.map((host) => ({
      hostId: host.id,
      hostName: host.hostname,
      connected: host.connected,
      collected: stored,
      stored,
      lost: 0,
      lostByReason: {},
      detected: 0,
      pending: 0,
      repeats: 0,
      duplicates: 0,
      unaccounted: 0,
    })),
    storage: {
      segments: { files: 1, events: stored, sizeBytes: stored },
      ...{ oldestEventAt: 0, newestEventAt: null, bytesPerDay: null, freeBytes: 1, fullAt: null },
      encryption: { key: null, stored: [], isPending: false },
    },
    journal: { events: stored, batches: stored, sizeBytes: stored * 100 },
    detection: {
      rules: 1,
      bundle: { version: 7, digest: 'd'.repeat(64), at: startedAt },
      lagBatches: 0,
      lagMs: 0.5,
      damagedBatches: 0,
      correlations: { groups: 2, sizeBytes: 4096, evicted: 1, tooLate: 0, dropped: 0, unusable: 3 },
    },
    alerts: await control.alerts.countByStatus(),
  };
}

export interface RunningApi {
  readonly app: FastifyInstance;
  readonly deps: ApiDeps;
  readonly events: ArrayEventReader;
  readonly rates: RatePoint[];
  readonly baseUrl: string;
  readonly log: string[];
  /** Of the journal that hunts read, and of their files. */
  readonly huntFolder: string;
  /** A header that carries a token of this role. */
  readonly bearer: (role: Role) => Promise<{ authorization: string }>;
}

/** The real engine over an empty journal; its process starts with the first hunt. */
async function sqlEngine(t: Test, control: ControlStore, folder: string): Promise<SqlEngine> {
  const writer = openJournalWriter(join(folder, 'journal.db'));
  const sql = new SqlEngine({
    entry: new URL('../../../collector/hunt.process.ts', import.meta.url),
    folder,
    ...{ threads: 1, memoryBytes: 128 * 1024 ** 2, spillBytes: 0 },
    hostNames: async () => (await control.hosts.list()).map(({ id, hostname }) => ({ id, name: hostname })),
    log: () => undefined,
  });
  t.teardown(async () => {
    await sql.close();
    await writer.close();
  });
  return sql;
}

interface Beginning {
  /** Any free one unless told. */
  readonly port?: number;
  readonly makeOidc?: (parts: Pick<ApiDeps, 'control' | 'access'>) => OidcSignIn;
}

/** Starts it; it ends with the test. */
export async function startApi(
  t: Test,
  over: Partial<ApiDeps> = {},
  { port = 0, makeOidc }: Beginning = {},
): Promise<RunningApi> {
  const control = await openControlStore(join(t.testdir(), 'control.db'), { durable: false });
  const events = new ArrayEventReader();
  const rates: RatePoint[] = [];
  const log: string[] = [];
  const bus = localBus((error) => t.error(error));
  const commands = new Commands({
    store: control.commands,
    hostExists: async (hostId) => (await control.hosts.get(hostId)) !== undefined,
    changed: (command) => void bus.publish('command', command),
    log: () => undefined,
  });
  const audit: Audit = async (entry) => void (await control.audit.append(entry));
  const pki = tempFolder(t);
  const huntFolder = tempFolder(t);
  const authority = await openAuthority(pki);
  const { hosts, certificates } = control;
  const identifying = { authority, hosts, certificates, graceMs: 0 };
  const issuer = new Issuer(authority, certificates, 0);
  const bundles = await Bundles.open({
    ...editingOver(t, control.bundles),
    store: control.bundles,
    keys: await openOnlineKeys(tempFolder(t)),
    check: checkSource,
    // As detection does that has nothing to detect.
    switchTo: async ({ content, trust, isRollback: _, ...made }) => {
      const bundle = { ...made, at: startedAt, cursor: 0 };
      const entry = { at: startedAt, actor: made.by, action: 'bundle.activate', target: '', detail: {} };
      await control.bundles.activate({ ...bundle, content, trust, snapshot: null }, entry);
      return ok({ bundle, rules: [], problems: [] });
    },
    ...{ statementLifeMs: 604_800_000, now: () => Date.now() * 1000 },
  });
  const queries = new LiveQueries({ asks: new Asks(), hosts, audit, log: () => undefined });
  t.teardown(() => queries.close());
  const backtests = new Backtests({
    entry: new URL('../../../collector/backtest.process.ts', import.meta.url),
    folder: t.testdir({}),
    keyFile: '',
    threads: 1,
    memoryBytes: 1 << 30,
    inForce: async () => ({ rulePaths: [], listPaths: [], uses: [] }),
    hosts: async () => [],
    audit,
  });
  t.teardown(() => backtests.close());
  const rollouts = await Rollouts.open({
    ...{ store: control.rollouts, bundles, desired: new DesiredBundles(), hosts: control.hosts },
    said: () => control.hostBundles.list(),
    usual: { stages: [], soakS: 600, needsApproval: false },
    ...{ changed: () => undefined, onError: () => undefined, now: () => Date.now() * 1000 },
  });
  t.teardown(() => rollouts.close());
  const sql = await sqlEngine(t, control, huntFolder);
  const hunts = new Hunts({ sql, store: control.hunts, audit });
  const huntSchedules = await HuntSchedules.open({
    ...{ store: control.huntSchedules, hunts, hosts: control.hosts, now: () => Date.now() * 1000 },
    raise: async (alert) => void (await control.alerts.raise(alert)),
  });
  t.teardown(() => huntSchedules.close());
  const journal = openJournalReader(join(huntFolder, 'journal.db'));
  t.teardown(() => journal.close());
  const retention = await RetentionSettings.open({
    store: control.retentionSettings,
    configured: { days: 90, daysByType: {}, maxBytes: 0 },
    ...{ written: new Set(), outdated: (given) => journal.outdated(given), apply: () => undefined },
    now: () => Date.now() * 1000,
  });
  const access = createAccess(control);
  const deps: ApiDeps = {
    control,
    retention,
    huntSchedules,
    bundles,
    rollouts,
    queries,
    exceptions: new AlertExceptions({
      ...{ store: control.alertExceptions, alerts: control.alerts, apply: () => undefined },
      now: () => Date.now() * 1000,
    }),
    risks: () =>
      new RiskWatch({
        ...{ alerts: control.alerts, stories: control.stories, threshold: 0, now: () => Date.now() * 1000 },
        settings: { halfLifeUs: 86_400e6, weights: [] },
        raise: async () => undefined,
      }).risks(),
    schedules: new Schedules({ store: control.querySchedules, hosts }),
    events,
    eventCounts: eventCounting(new EventCounter(sql), control),
    tree: (subject, bounds) =>
      processTree(
        { events, hosts: control.hosts, alerts: control.alerts, now: () => Date.now() * 1000 },
        subject,
        bounds,
      ),
    bus,
    auth: access.auth,
    access,
    status: () => statusOf(control, events),
    rates: () => rates,
    detectors: () => ({
      bytes: 400,
      detectors: [
        {
          ...{ name: 'beacon', parameters: { beats: 9 }, observed: 7, findings: 2, dropped: 0 },
          ...{ learnedFrom: startedAt, learnedTo: startedAt, isSetAside: false },
          tables: [{ name: 'destinations', entities: 3, bytes: 400, evicted: 1 }],
        },
      ],
    }),
    rules: () => ({
      bundle: { version: 7, digest: 'd'.repeat(64), at: startedAt },
      rules: [
        {
          id: 'rule-1',
          title: 'Shell with a network socket',
          level: 'high',
          tags: ['attack.execution'],
          logsource: { category: 'process_creation', product: 'linux' },
          file: 'rules/shell.yml',
        },
      ],
      problems: [
        {
          severity: 'error',
          code: 'rule.not_yaml',
          file: 'rules/broken.yml',
          line: 3,
          column: 1,
          message: 'The file is not valid YAML.',
          action: 'Mend it.',
        },
      ],
    }),
    ruleTexts: async (file) =>
      file === 'rules/shell.yml' ? { text: 'title: Shell', tests: null } : undefined,
    checkRule: (text, tests) => checkRule(text, tests, []),
    coverage: () =>
      coverageInThread(new URL('../../../collector/coverage.worker.ts', import.meta.url), {
        ...{ rulePaths: [packPath], listPaths: [packListsPath], uses: [] },
      }),
    enrol: createEnrolment({
      ...identifying,
      tokens: control.enrolment,
      issuer,
      address: () => 'collector:7443',
      audit,
    }),
    fleet: createFleet({
      hosts: control.hosts,
      certificates: control.certificates,
      evict: () => undefined,
      audit,
      publish: async () => undefined,
    }),
    ca: { list: () => [], rotate: async () => [] },
    giveCommand: (order) => commands.give(order),
    // What is taken is there to be read; nothing detects here.
    intake: {
      async take(rows) {
        const stream = String(events.events.length).padStart(16, '0');
        const ids = rows.map((_, i) => `e0000000000000a1:${stream}:1:${i}`);
        for (const [i, event] of rows.entries())
          events.events.push({ id: ids[i]!, hostId: 'e0000000000000a1', hostName: 'api', event });
        return { ids };
      },
      alertsOf: async () => [],
    },
    hunts,
    analyses: new Analyses({ hunts, hosts: control.hosts }),
    backtests,
    // Tests ask much from one address.
    limits: { perAddress: 1e9, perCaller: 1e9 },
    logger: pino({ level: 'debug' }, { write: (line) => log.push(line) }),
    ...(makeOidc && { oidc: makeOidc({ control, access }) }),
    ...over,
  };
  const app = await createApi(deps);
  t.teardown(async () => {
    await app.close();
    await control.close();
  });
  const baseUrl = await app.listen({ host: '127.0.0.1', port });
  const bearer = async (role: Role) => {
    const { token } = await deps.auth.createToken(role, role);
    return { authorization: `Bearer ${token}` };
  };
  return { app, deps, events, rates, baseUrl, log, huntFolder, bearer };
}
