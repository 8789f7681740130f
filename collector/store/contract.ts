/**
 * What the collector keeps, as small asynchronous interfaces. Instants are microseconds since the Unix epoch.
 * No backend's peculiarities show here: SQLite now, PostgreSQL later, one contract suite over each.
 */

import { type Arguments, type ResultStatus, resultStatuses } from '#shared/commands/spec.ts';
import type { Confidence } from '#shared/detect/confidence.ts';
import type { DetectorStats } from '#shared/detect/detectors/contract.ts';
import type { Entity } from '#shared/detect/entity.ts';
import type { EpisodeBounds } from '#shared/detect/episode.ts';
import type { SeenValues, ValueSample } from '#shared/detect/seen-values.ts';
import type { Filter } from '#shared/filter/filter.ts';
import type { RuleReport, RuleStatus } from '#shared/protocol/host-rules.ts';
import type { EventRow } from '#shared/schema/columns.ts';
import type { Rollout } from '../rollout/contract.ts';

export const levels = ['informational', 'low', 'medium', 'high', 'critical'] as const;
export type Level = (typeof levels)[number];
export const alertStatuses = ['open', 'acknowledged', 'closed'] as const;
export type AlertStatus = (typeof alertStatuses)[number];

export interface HostFacts {
  readonly hostname: string;
  /** Sigma's product names: linux, windows, macos. */
  readonly os: string;
  readonly osVersion?: string;
  readonly kernel?: string;
  readonly arch?: string;
  readonly agentVersion?: string;
}

/** A revoked host is an enemy's until restored; a decommissioned one has gone for good and is told to stop trying. */
export const hostStates = ['active', 'revoked', 'decommissioned'] as const;
export type HostState = (typeof hostStates)[number];

export interface Host extends HostFacts {
  /** Given at enrolment; the subject of the agent's certificate. */
  readonly id: string;
  readonly enrolledAt: number;
  readonly lastSeenAt: number | null;
  readonly connected: boolean;
  readonly state: HostState;
  /** Why and when the state was changed; absent in a host that has been active ever since. */
  readonly stateReason?: string;
  readonly stateAt?: number;
  /** Names of the groups it is in, in order; absent where it is in none. */
  readonly groups?: readonly string[];
}

/** Hosts by what they are for. */
export interface HostGroup {
  readonly name: string;
  readonly description: string;
  /** Ids, in order. */
  readonly hosts: readonly string[];
  /** Microseconds. */
  readonly changedAt: number;
  readonly changedBy: string;
}

export interface HostGroupStore {
  /** By name. */
  list(): Promise<readonly HostGroup[]>;
  /** Makes it or takes its place; undefined, and nothing changes, when it would be one more than `most`. */
  put(group: HostGroup, most: number, entry: NewAuditEntry): Promise<HostGroup | undefined>;
  /** False when there is none of that name. */
  remove(name: string, entry: NewAuditEntry): Promise<boolean>;
}

export const alertVerdicts = ['true-positive', 'false-positive'] as const;
export type AlertVerdict = (typeof alertVerdicts)[number];

/** What became of the alerts of one rule. */
export interface RuleAlertCounts {
  readonly ruleId: string;
  readonly alerts: number;
  /** Events they are about. */
  readonly events: number;
  readonly hosts: number;
  readonly open: number;
  readonly truePositives: number;
  readonly falsePositives: number;
  /** Microseconds; of the alerts of the range. */
  readonly firstRaisedAt: number;
  readonly lastRaisedAt: number;
}

/** One test that held: which selection, field and value, and what the rule asked for. */
export interface MatchReason {
  readonly selection: string;
  /** ECS name; absent for keywords. */
  readonly field?: string;
  /** Value found, cut to 512 characters. */
  readonly value: string;
  /** What the rule says, e.g. `endswith '/nc'`. */
  readonly test: string;
  /** Modifiers of the item; absent in alerts of before they were kept. */
  readonly modifiers?: readonly string[];
}

export interface Alert {
  /** Derived from rule, host, entity and first event, so that detecting the same thing again gives the same id. */
  readonly id: string;
  /** The same for all alerts of its rule about the same; null for what the collector itself saw. */
  readonly key: string | null;
  readonly ruleId: string;
  readonly ruleTitle: string;
  readonly level: Level;
  readonly hostId: string;
  readonly hostName: string;
  readonly status: AlertStatus;
  readonly raisedAt: number;
  readonly firstEventAt: number;
  readonly lastEventAt: number;
  /** Events that matched: as many as the collector detected, or the host where that was more. */
  readonly count: number;
  /** Sigma tags, e.g. `attack.execution`, `attack.t1059.004`. */
  readonly tags: readonly string[];
  /** One sentence a person understands. */
  readonly reason: string;
  /** Percent that it is a true one, and how that came about (see alert-confidence.ts). */
  readonly confidence: number;
  readonly confidenceReason: string;
  /** What to do, as the rule says; null where it says nothing. */
  readonly response: string | null;
  /** What it is about, by ECS name; of texts their shape. */
  readonly entity: Entity;
  /** Values in which its events differ. */
  readonly samples: readonly ValueSample[];
  /** The alert about the same before this one, which was quiet or closed when this one began. */
  readonly previousId: string | null;
  /** The story it is part of; null until it was put into one, and for what the collector saw of itself. */
  readonly storyId: string | null;
  /** The processes around it as they were when it was raised; null until then, where it is about none, and in lists. */
  readonly tree: FrozenTree | null;
  readonly matches: readonly MatchReason[];
  /** Ids of the events that are its evidence: of more than 100 the first and the last 50. */
  readonly eventIds: readonly string[];
  /** The first of them. */
  readonly event: EventRow;
  readonly changedAt: number | null;
  readonly changedBy: string | null;
  readonly note: string | null;
  /** What somebody found it to be; null as long as nobody said. */
  readonly verdict: AlertVerdict | null;
}

/** Processes around the one an alert is about. */
export interface FrozenTree {
  readonly at: number;
  /** Ancestors from the furthest on, the process itself, its descendants, each after its parent. */
  readonly processes: readonly FrozenProcess[];
  /** Descendants that were left out. */
  readonly leftOut: number;
}

export interface FrozenProcess {
  readonly entityId: string | null;
  readonly pid: number | null;
  readonly name: string | null;
  readonly user: string | null;
  /** What it ran last, as it was called. */
  readonly commandLine: string | null;
  readonly startedAt: number | null;
  readonly depth: number;
  readonly relation: 'ancestor' | 'subject' | 'descendant';
}

type Decided = 'status' | 'changedAt' | 'changedBy' | 'note' | 'verdict' | 'previousId' | 'storyId' | 'tree';
type Reckoned = 'key' | 'confidence' | 'confidenceReason' | 'response' | 'entity' | 'samples';

/**
 * What detection raises. Where there is an alert of its id, or one of its key that goes on (see episode.ts) and is not
 * closed, that one is extended.
 */
export type NewAlert = Omit<Alert, Decided | Reckoned> & {
  /** See RaisedAlert; absent for what the collector itself saw, which its id alone tells apart. */
  readonly key?: string;
  readonly entity?: Entity;
  readonly seen?: SeenValues;
  readonly confidence?: Confidence;
  readonly response?: string | null;
  /** The exception that hides it: where that is still there, it is counted there and is no alert. */
  readonly exceptionId?: string;
  /** Raised by the host, before the events behind it came. What the collector detects in them is the same alert. */
  readonly byHost?: true;
};

/** Bounds on what is one alert, and on how many there are. */
export interface AlertBounds extends EpisodeBounds {
  /** Alerts of one rule on one host that begin in one hour of the clock; what is about anything else is one more. */
  readonly maxPerHour: number;
}

export interface AlertFilter {
  readonly status?: AlertStatus;
  readonly hostId?: string;
  readonly ruleId?: string;
  readonly verdict?: AlertVerdict;
  readonly minLevel?: Level;
  readonly since?: number;
  readonly until?: number;
  /** A tag, or a technique of ATT&CK with those under it: `attack.t1059` is also `attack.t1059.004`. */
  readonly tag?: string;
  readonly storyId?: string;
  /** Alerts about the same: of one `key`. */
  readonly key?: string;
  /** Name of a user of the event. */
  readonly user?: string;
  /** In any text of the alert, whatever the case. */
  readonly text?: string;
}

/** Alerts raised in one stretch of time. */
export interface AlertBucket {
  /** Where it begins. */
  readonly at: number;
  readonly byLevel: Readonly<Record<Level, number>>;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Pass as `cursor` for what follows; null at the end. */
  readonly next: string | null;
}

export interface AlertStore {
  /**
   * Newest first, by the time they were raised. A page asked for by `user` or `text` may hold fewer than `limit`, even
   * none, and yet have a `next`: the search goes on from there. A cursor this list did not give is
   * `store.cursor_invalid`.
   */
  list(filter: AlertFilter, limit: number, cursor?: string): Promise<Page<Alert>>;
  get(id: string): Promise<Alert | undefined>;
  /**
   * The changed alert; undefined when there is none of that id. A null note or verdict leaves the one it has. The
   * audit log says so in the same transaction.
   */
  setStatus(
    id: string,
    status: AlertStatus,
    by: string,
    note: string | null,
    at: number,
    verdict?: AlertVerdict | null,
  ): Promise<Alert | undefined>;
  /** Of every rule that raised alerts in the range (microseconds, inclusive). */
  countByRule(since: number, until: number): Promise<readonly RuleAlertCounts[]>;
  /** Records an alert that no stored event is behind, or extends the one of its id. */
  raise(alert: NewAlert): Promise<{ alert: Alert; isNew: boolean }>;
  /** Of alerts with a last event since an instant, but those found false; the newest first, at most `limit`. */
  riskFacts(since: number, limit: number): Promise<readonly RiskFact[]>;
  /**
   * Gives up alerts: closed ones whose last event is before `closedBefore`, then, as long as there are more than `most`,
   * closed ones and then others, those with the oldest last event first. At most `limit`; gives how many.
   */
  prune(closedBefore: number, most: number, limit: number): Promise<number>;
  /** Given up in all. */
  pruned(): Promise<number>;
  /** Alerts raised from `since` to before `until` by level, in stretches of `bucketUs`; those with none are left out. */
  histogram(since: number, until: number, bucketUs: number): Promise<readonly AlertBucket[]>;
  countByStatus(): Promise<Readonly<Record<AlertStatus, number>>>;
  countOpenByLevel(): Promise<Readonly<Record<Level, number>>>;
}

/** What a story says of its alerts. */
export interface StorySummary {
  readonly title: string;
  /** Of its worst alert. */
  readonly level: Level;
  /** Percent that any of its rules is right. */
  readonly confidence: number;
  /** Tactics of ATT&CK in the order in which they were first seen. */
  readonly tactics: readonly string[];
  readonly hosts: readonly { readonly id: string; readonly name: string }[];
  readonly users: readonly string[];
  /** Titles of its rules in the order in which they first hit. */
  readonly rules: readonly string[];
  readonly events: number;
  /** Alerts that are not closed. */
  readonly open: number;
}

/** Alerts that belong together: by their processes, files, addresses and users (see alerts/relations.ts). */
export interface Story extends StorySummary {
  /** Of its earliest alert. */
  readonly id: string;
  readonly firstEventAt: number;
  readonly lastEventAt: number;
  readonly alerts: number;
  /** Alerts that belong to it and that it has no room for. */
  readonly beyond: number;
}

export interface StoryPlacement {
  readonly alertId: string;
  /** As they were when the relations were worked out. */
  readonly firstEventAt: number;
  readonly lastEventAt: number;
  readonly relations: readonly {
    readonly token: string;
    readonly limitUs: number;
    readonly isBetweenHosts: boolean;
  }[];
}

export interface StoryStore {
  /** Alerts to be put into stories, or whose time has grown since, oldest first. */
  unplaced(limit: number): Promise<readonly Alert[]>;
  /** Puts alerts into stories, all or nothing; stories that turn out to be one become one. */
  place(placements: readonly StoryPlacement[]): Promise<void>;
  /** Sums the story of an alert up again: somebody decided something about it. */
  refresh(alertId: string): Promise<void>;
  /** Newest first by last event. A cursor this list did not give is `store.cursor_invalid`. */
  list(
    filter: { readonly minAlerts?: number; readonly since?: number },
    limit: number,
    cursor?: string,
  ): Promise<Page<Story>>;
  /** Also by an id it once had; its alerts in the order of time. */
  get(id: string): Promise<{ readonly story: Story; readonly alerts: readonly Alert[] } | undefined>;
  /** Alerts whose tree is not frozen yet, oldest first; those whose events may not be stored yet only if raised before. */
  treeless(limit: number, raisedBefore: number): Promise<readonly Alert[]>;
  /** Keeps the tree of an alert; null where there is none to be had. */
  freeze(id: string, tree: FrozenTree | null): Promise<void>;
  /** Whose risk was told to be high. */
  above(): Promise<readonly string[]>;
  /** Null: it is not any more. */
  setAbove(subject: string, since: number | null): Promise<void>;
}

/** What risk is reckoned from. */
export interface RiskFact {
  readonly id: string;
  readonly ruleId: string;
  readonly ruleTitle: string;
  readonly level: Level;
  readonly hostId: string;
  readonly hostName: string;
  readonly user: string | null;
  readonly confidence: number;
  readonly verdict: AlertVerdict | null;
  readonly lastEventAt: number;
}

/** Hits that raise no alert: of a rule or of any, on some hosts or all, about one entity or what a filter holds of. */
export interface AlertException {
  readonly id: string;
  readonly ruleId: string | null;
  /** The key of an alert: hits on its entity. */
  readonly key: string | null;
  /** Glob over ids and names of hosts. */
  readonly hosts: string | null;
  /** As people search events (docs/searching.md); empty for every event. */
  readonly filter: string;
  readonly reason: string;
  readonly madeAt: number;
  readonly madeBy: string;
  readonly expiresAt: number;
  /** Events that it hid, the last of them, and where and of which rule that was. */
  readonly hits: number;
  readonly lastHitAt: number | null;
  readonly lastHost: string | null;
  readonly lastRule: string | null;
}

export type NewAlertException = Omit<AlertException, 'hits' | 'lastHitAt' | 'lastHost' | 'lastRule'>;

/** Whatever changes an exception records its audit entry in the same transaction. */
export interface AlertExceptionStore {
  /** Those that expire first before others; expired ones are there until they are pruned. */
  list(): Promise<readonly AlertException[]>;
  get(id: string): Promise<AlertException | undefined>;
  /** False, and nothing changes, when there are `most`. */
  add(exception: NewAlertException, most: number, entry: NewAuditEntry): Promise<boolean>;
  /** Gives what it was, its hits recorded with the entry; undefined when there is none. */
  remove(id: string, entry: NewAuditEntry): Promise<AlertException | undefined>;
  /** Counts an alert that is hidden and that no stored event is behind; false when the exception is gone. */
  count(id: string, alert: NewAlert): Promise<boolean>;
  /** Forgets those that expired before an instant; gives how many. */
  prune(before: number): Promise<number>;
}

/** The state of detection once everything up to and including the cursor was detected; opaque. */
export interface DetectionSnapshot {
  readonly cursor: number;
  readonly data: Uint8Array;
}

/** Where detection stands in the journal: everything up to and including this row id was detected. */
export interface DetectionStore {
  cursor(): Promise<number>;
  /**
   * Records alerts and moves the cursor in one transaction; a cursor that is not ahead of the stored one changes
   * nothing and gives none. Gives each alert once, as it now stands, those that are new marked. A snapshot given
   * with it is kept in the same transaction, in place of the one before.
   */
  commit(
    cursor: number,
    alerts: readonly NewAlert[],
    snapshot?: Uint8Array,
  ): Promise<readonly { alert: Alert; isNew: boolean }[]>;
  /** The snapshot kept last. Its cursor may be behind the stored one, never ahead. */
  snapshot(): Promise<DetectionSnapshot | undefined>;
  /** Keeps a snapshot if the stored cursor is the one it belongs to; gives whether it is. */
  keepSnapshot(snapshot: DetectionSnapshot): Promise<boolean>;
}

export interface HostStore {
  list(): Promise<readonly Host[]>;
  get(id: string): Promise<Host | undefined>;
  /** A host of that id that is there already takes the new facts and time of enrolment. */
  add(id: string, facts: HostFacts, at: number): Promise<void>;
  /** Refreshes facts and presence of a known host. `facts` undefined leaves them. */
  seen(id: string, at: number, connected: boolean, facts?: HostFacts): Promise<void>;
  /** The changed host; undefined when there is none of that id. */
  setState(id: string, state: HostState, reason: string, at: number): Promise<Host | undefined>;
  /** Whether a host other than `id` that is active bears this name, whatever the case. */
  isNameOfAnother(id: string, hostname: string): Promise<boolean>;
  /** The same for many at once, in one transaction. */
  seenAll(
    seen: readonly {
      readonly id: string;
      readonly at: number;
      readonly connected: boolean;
      readonly facts?: HostFacts;
    }[],
  ): Promise<void>;
  /** Everybody connected is there still. */
  seenConnected(at: number): Promise<void>;
  /** At start: nobody is connected yet. */
  disconnectAll(): Promise<void>;
}

export interface EnrolmentToken {
  readonly id: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly uses: number;
  readonly maxUses: number;
  /** Glob over host names that may use it; null for any. */
  readonly hostPattern: string | null;
  readonly revokedAt: number | null;
}

export interface EnrolmentStore {
  /** `secretHash` is SHA-256 hex of the secret; the secret itself is never stored. */
  add(token: Omit<EnrolmentToken, 'uses' | 'revokedAt'>, secretHash: string): Promise<void>;
  /** The token of that secret, whatever its state. */
  find(secretHash: string): Promise<EnrolmentToken | undefined>;
  /** Takes one use if the token exists, is unexpired at `at`, not revoked and has uses left; atomic. */
  take(secretHash: string, at: number): Promise<boolean>;
  list(): Promise<readonly EnrolmentToken[]>;
  /** The revoked token; undefined when there is none of that id. One revoked before keeps its time. */
  revoke(id: string, at: number): Promise<EnrolmentToken | undefined>;
}

/** A certificate that was issued to a host. */
export interface Certificate {
  /** Hex, lower case, without leading zeros. */
  readonly serial: string;
  readonly hostId: string;
  /** SHA-256 of the DER, hex. */
  readonly fingerprint: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly revokedAt: number | null;
  readonly revokedReason: string | null;
}

export interface CertificateStore {
  /** Records it, and forgets those of its host that expired before `keepSince`. */
  add(certificate: Omit<Certificate, 'revokedAt' | 'revokedReason'>, keepSince: number): Promise<void>;
  get(serial: string): Promise<Certificate | undefined>;
  /** Of one host, newest first. */
  list(hostId: string): Promise<readonly Certificate[]>;
  /** By serial or fingerprint. The revoked certificate; undefined when there is none. */
  revoke(serialOrFingerprint: string, reason: string, at: number): Promise<Certificate | undefined>;
}

export const roles = ['viewer', 'analyst', 'responder', 'rule-admin', 'admin'] as const;
export type Role = (typeof roles)[number];

/**
 * What somebody comes in by. A device is a browser that signed in before: it opens nothing, but has an allowance of
 * its own where wrong passwords are counted.
 */
export interface Credential {
  readonly id: string;
  readonly kind: 'session' | 'token' | 'sign-in-link' | 'device';
  /** Whose name the audit log gets: of the account it belongs to, else of the service. */
  readonly name: string;
  /** What a token is called; the name where there is nothing else to call it. */
  readonly label: string;
  /** Of the account, as it is now; of a service token its own. */
  readonly role: Role;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  /** The account; null for a token of a service. */
  readonly accountId: string | null;
  /** Whether that account has a second factor in force. */
  readonly hasSecondFactor: boolean;
  /** How the session began; null for others. */
  readonly via: SignInWay | null;
  /** Permissions that a token is limited to; null for all of its role. */
  readonly scopes: readonly string[] | null;
  /** Last use, to the minute. */
  readonly lastSeenAt: number | null;
  /** Where the session began, or what was last used from. */
  readonly address: string | null;
  readonly userAgent: string | null;
}

export const signInWays = ['password', 'link', 'oidc'] as const;
export type SignInWay = (typeof signInWays)[number];

export type NewCredential = Omit<Credential, 'hasSecondFactor' | 'lastSeenAt' | 'name'>;

export interface CredentialStore {
  /**
   * `secretHash` is SHA-256 hex of the secret; the secret itself is never stored. Beyond `most` of its kind and account
   * the ones used longest ago go.
   */
  add(credential: NewCredential, secretHash: string, most?: number): Promise<void>;
  /** The credential of that kind if unexpired at `at`, and its account not disabled. */
  find(kind: Credential['kind'], secretHash: string, at: number): Promise<Credential | undefined>;
  /** Finds and removes in one step, for links that work once. */
  take(kind: Credential['kind'], secretHash: string, at: number): Promise<Credential | undefined>;
  get(id: string): Promise<Credential | undefined>;
  /** Of one account, or of all, newest first; unexpired at `at`. */
  list(kind: Credential['kind'], accountId: string | undefined, at: number): Promise<readonly Credential[]>;
  /** Says that it was used. */
  touch(id: string, at: number): Promise<void>;
  /** Puts another secret, and another end, in place; false when it is gone. */
  rotate(id: string, secretHash: string, expiresAt: number | null): Promise<boolean>;
  remove(id: string): Promise<void>;
  /** Removes what has expired at `at`, and sessions not used since `idleSince`; gives how many. */
  removeExpired(at: number, idleSince?: number): Promise<number>;
}

/** Somebody who may come in. Instants are microseconds since the epoch. */
export interface Account {
  readonly id: string;
  /** Unique whatever its case. */
  readonly name: string;
  readonly displayName: string;
  readonly role: Role;
  readonly isDisabled: boolean;
  /** Argon2id in PHC form; null until one is set. */
  readonly passwordHash: string | null;
  readonly secondFactor: SecondFactor | null;
  /** Whom a provider of identities knows this account as. */
  readonly subject: { readonly issuer: string; readonly subject: string } | null;
  readonly createdAt: number;
  readonly lastSignInAt: number | null;
}

export interface SecondFactor {
  /** Base32. Encrypted as it is stored, where there is a key. */
  readonly secret: string;
  /** Null until the first code was given: it is not asked for before. */
  readonly confirmedAt: number | null;
  /** The step of time of the last code that was taken: none at or before it is taken again. */
  readonly lastStep: number;
}

export interface NewAccount {
  readonly id: string;
  readonly name: string;
  readonly displayName: string;
  readonly role: Role;
  readonly passwordHash: string | null;
  readonly subject: Account['subject'];
  readonly createdAt: number;
}

export interface AccountChange {
  readonly role?: Role;
  readonly displayName?: string;
  readonly isDisabled?: boolean;
}

/** Whatever changes an account records its audit entry in the same transaction. */
export interface AccountStore {
  /** `taken` when there is one of the name or subject, `full` when there are `most`; nothing changes then. */
  add(account: NewAccount, most: number, entry: NewAuditEntry): Promise<'added' | 'taken' | 'full'>;
  get(id: string): Promise<Account | undefined>;
  byName(name: string): Promise<Account | undefined>;
  bySubject(issuer: string, subject: string): Promise<Account | undefined>;
  /** By name. */
  list(): Promise<readonly Account[]>;
  /**
   * Another role ends its sessions and links, disabling those and its tokens. Undefined when there is none. Rejects
   * with `access.last_admin` where no enabled admin would be left.
   */
  change(id: string, change: AccountChange, entry: NewAuditEntry): Promise<Account | undefined>;
  /** With everything it may come in by. Rejects with `access.last_admin`. */
  remove(id: string, entry: NewAuditEntry): Promise<Account | undefined>;
  /** Ends its sessions and links but `keep`, the id of a session. */
  setPassword(id: string, hash: string, keep: string | null, entry: NewAuditEntry): Promise<void>;
  /** The same password under other parameters; unless it was changed from `before` meanwhile. */
  rehash(id: string, before: string, hash: string): Promise<void>;
  signedIn(id: string, at: number): Promise<void>;
  /** Keeps a secret that is yet to be confirmed; false when a confirmed one is there. */
  beginSecondFactor(id: string, secret: string): Promise<boolean>;
  /** Puts the kept secret in force, with recovery codes by their hashes; false when that was done already. */
  confirmSecondFactor(
    id: string,
    step: number,
    codes: readonly string[],
    entry: NewAuditEntry,
  ): Promise<boolean>;
  /** Its recovery codes go with it. */
  removeSecondFactor(id: string, entry: NewAuditEntry): Promise<void>;
  /** Marks a step of time as used; false when it, or a later one, was. */
  spendStep(id: string, step: number): Promise<boolean>;
  /** Uses up a recovery code; false when there is none of this hash. */
  spendRecoveryCode(id: string, codeHash: string): Promise<boolean>;
  /** In place of those before. */
  setRecoveryCodes(id: string, codes: readonly string[], entry: NewAuditEntry): Promise<void>;
}

export interface AccessSettings {
  /** Addresses and networks that may reach API, feed and dashboard; none: any. */
  readonly allowedAddresses: readonly string[];
  /** Whoever signs in with a password or a link can do nothing before having a second factor. */
  readonly requireSecondFactor: boolean;
  readonly sessionHours: number;
}

export interface AccessSettingsStore {
  get(): Promise<AccessSettings>;
  set(settings: AccessSettings, entry: NewAuditEntry): Promise<void>;
}

/** How long events are kept, where somebody set it; null leaves it to the configuration. */
export interface RetentionSetting {
  /** 0 keeps them until room runs out. */
  readonly days: number | null;
  /** By event type, in place of `days`. */
  readonly daysByType: Readonly<Record<string, number>> | null;
  /** Of all segments; 0 for no bound. */
  readonly maxBytes: number | null;
  /** Microseconds. */
  readonly changedAt: number;
  readonly changedBy: string;
}

/** What goes with some segments, and what stays. */
export interface Outdated {
  readonly segments: number;
  readonly events: number;
  readonly sizeBytes: number;
  readonly eventsByType: Readonly<Record<string, number>>;
  /** Time of the oldest sealed event that stays, in microseconds; null where none does. */
  readonly keptSince: number | null;
}

export interface RetentionSettingStore {
  /** Undefined while nobody set anything. */
  get(): Promise<RetentionSetting | undefined>;
  set(setting: RetentionSetting, entry: NewAuditEntry): Promise<void>;
}

/** `queued` and `sent` are open; the others are how it ended (shared/commands/spec.ts). */
export const commandStates = ['queued', 'sent', ...resultStatuses] as const;
export type CommandState = (typeof commandStates)[number];

/** Something a host was told to do. */
export interface Command {
  /** 16 hex digits, random. */
  readonly id: string;
  readonly hostId: string;
  readonly name: string;
  readonly arguments: Arguments;
  readonly state: CommandState;
  readonly issuedAt: number;
  readonly issuedBy: string;
  readonly expiresAt: number;
  /** When it was first sent, and how often in all. */
  readonly sentAt: number | null;
  readonly sends: number;
  /** When the agent answered; null when it ended without, because nobody did in time. */
  readonly answeredAt: number | null;
  /** Of the error catalogue; empty when it went well. */
  readonly code: string;
  readonly detail: string;
  readonly output: Readonly<Record<string, unknown>> | null;
  /** Items left out of the output for its size. */
  readonly cut: number;
}

export type NewCommand = Pick<
  Command,
  'id' | 'hostId' | 'name' | 'arguments' | 'issuedAt' | 'issuedBy' | 'expiresAt'
>;
/** A command somebody gives; its arguments are checked against its declaration. */
export interface CommandOrder {
  readonly hostId: string;
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
  /** Bounded to a day. */
  readonly lifeMs: number;
  /** Name of whoever gives it. */
  readonly by: string;
}

export type CommandResult = Pick<Command, 'code' | 'detail' | 'output' | 'cut'> & {
  readonly status: ResultStatus;
};

/** A live query somebody asks; its bounds were checked. */
export interface LiveQueryOrder {
  readonly sql: string;
  /** Ids, names, globs over names, `all`. */
  readonly hosts: readonly string[];
  readonly timeoutMs: number;
  /** Most rows of one host. */
  readonly rows: number;
  readonly by: string;
}

/** How a live query stands: of `hosts`, so many are done, failed, or were not connected. */
export interface LiveQueryState {
  readonly id: string;
  readonly sql: string;
  readonly by: string;
  readonly startedAt: number;
  readonly state: 'running' | 'done' | 'canceled';
  readonly hosts: number;
  readonly done: number;
  readonly failed: number;
  readonly away: number;
  readonly rows: number;
  /** Rows left out for a bound, on hosts or here. */
  readonly cut: number;
}

/** How one host stands in it. */
export interface LiveQueryHost {
  readonly hostId: string;
  readonly hostName: string;
  readonly state: 'asked' | 'done' | 'failed' | 'away';
  readonly rows: number;
  readonly cut: number;
  /** Milliseconds on the host. */
  readonly tookMs: number;
  readonly code: string;
  readonly detail: string;
}

/** One line of what a live query gives, as JSON. */
export type LiveQueryLine =
  | {
      readonly type: 'row';
      readonly host: string;
      readonly hostName: string;
      readonly row: Readonly<Record<string, string | number | null>>;
    }
  | ({
      readonly type: 'host';
      readonly host: string;
      readonly answered: number;
      readonly hosts: number;
    } & Omit<LiveQueryHost, 'hostId'>)
  | ({ readonly type: 'end' } & Pick<
      LiveQueryState,
      'state' | 'hosts' | 'done' | 'failed' | 'away' | 'rows' | 'cut'
    >);

/** A query that hosts ask themselves again and again. */
export interface QuerySchedule {
  readonly name: string;
  readonly sql: string;
  readonly intervalS: number;
  /** Ids, names, globs over names, `all`. */
  readonly hosts: readonly string[];
  readonly isEnabled: boolean;
  readonly madeAt: number;
  readonly madeBy: string;
  readonly changedAt: number;
  readonly changedBy: string;
}
export type QueryScheduleOrder = Pick<QuerySchedule, 'name' | 'sql' | 'intervalS' | 'hosts'>;

/** Whatever changes a schedule records its audit entry in the same transaction. */
export interface QueryScheduleStore {
  /** By name. */
  list(): Promise<readonly QuerySchedule[]>;
  get(name: string): Promise<QuerySchedule | undefined>;
  /** Adds it, or takes the place of the one of the name. */
  put(schedule: QuerySchedule, entry: NewAuditEntry): Promise<void>;
  /** Gives what it was; undefined when there is none. */
  remove(name: string, entry: NewAuditEntry): Promise<QuerySchedule | undefined>;
}

export interface CommandFilter {
  readonly hostId?: string;
  readonly state?: CommandState;
}

/** Whatever changes a command records its audit entry in the same transaction. */
export interface CommandStore {
  /** False, and nothing changes, when the host has `maxOpen` open already. */
  add(command: NewCommand, maxOpen: number, entry: NewAuditEntry): Promise<boolean>;
  get(id: string): Promise<Command | undefined>;
  /** Newest first. A cursor this list did not give is `store.cursor_invalid`. */
  list(filter: CommandFilter, limit: number, cursor?: string): Promise<Page<Command>>;
  /** The open commands of a host that have not expired at `at`, oldest first. */
  open(hostId: string, at: number): Promise<readonly Command[]>;
  /** Counts a sending; the entry is recorded for the first. Undefined when the command is not open any more. */
  sent(id: string, at: number, entry: NewAuditEntry): Promise<Command | undefined>;
  /**
   * Keeps the first answer of the host to a command of its own, also where it had expired meanwhile; undefined when
   * the host has no such command or it was answered before.
   */
  answer(
    id: string,
    hostId: string,
    result: CommandResult,
    at: number,
    entry: NewAuditEntry,
  ): Promise<Command | undefined>;
  /** Open commands that are due: queued ones that expired by `queuedBy`, sent ones by `sentBy`; oldest first. */
  due(queuedBy: number, sentBy: number, limit: number): Promise<readonly Command[]>;
  /** Ends an open command that nobody answered; undefined when it is not open any more. */
  expire(id: string, detail: string, entry: NewAuditEntry): Promise<Command | undefined>;
  /** Removes at most `limit` ended commands issued before `before`; gives how many. */
  prune(before: number, limit: number): Promise<number>;
}

/** What an audit entry says besides who did what to what: short values by name. */
export type AuditDetail = Readonly<Record<string, string | number | boolean>>;

export interface NewAuditEntry {
  readonly at: number;
  /** Name of a credential, `host ID` for an agent, `collector` for what it does of itself. */
  readonly actor: string;
  /** What was done, e.g. `command.make`. */
  readonly action: string;
  /** What it was done to, e.g. `host ID`. */
  readonly target: string;
  readonly detail: AuditDetail;
}

export interface AuditEntry extends NewAuditEntry {
  /** Its place, from 1 without gaps. */
  readonly number: number;
  /** SHA-256 hex over the hash before and this entry. */
  readonly hash: string;
}

export interface AuditFilter {
  readonly actor?: string;
  readonly action?: string;
  readonly target?: string;
  readonly since?: number;
  readonly until?: number;
}

export interface AuditVerdict {
  /** Entries that were looked at and are as they were written. */
  readonly entries: number;
  /** Hash of the last of them; kept elsewhere, it shows later whether entries were taken off the end. */
  readonly head: string;
  /** The first that is not as it was written, or missing. */
  readonly broken: { readonly number: number; readonly reason: string } | null;
}

export interface AuditStore {
  /** Adds to the end; texts beyond their bound are cut and end with an ellipsis. Safe against other writers. */
  append(entry: NewAuditEntry): Promise<AuditEntry>;
  /** Newest first. A cursor this list did not give is `store.cursor_invalid`. */
  list(filter: AuditFilter, limit: number, cursor?: string): Promise<Page<AuditEntry>>;
  /** Goes through all entries from the first. */
  verify(): Promise<AuditVerdict>;
}

export const huntParameterTypes = ['text', 'int', 'float', 'bool'] as const;
export type HuntParameterType = (typeof huntParameterTypes)[number];

/** What a hunt takes: `$name` in its SQL. */
export interface HuntParameter {
  readonly name: string;
  readonly type: HuntParameterType;
  readonly doc: string;
  /** As text; the parameter must be given where it is null. */
  readonly default: string | null;
}

/** A question worth keeping. */
export interface HuntText {
  /** Lower-case letters, digits and dashes. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** Sigma tags, e.g. `attack.t1059.004`. */
  readonly tags: readonly string[];
  readonly parameters: readonly HuntParameter[];
  readonly sql: string;
}

export interface SavedHunt extends HuntText {
  readonly savedAt: number;
  readonly savedBy: string;
}

/** Whatever changes a hunt records its audit entry in the same transaction. */
export interface HuntStore {
  /** By name. */
  list(): Promise<readonly SavedHunt[]>;
  get(name: string): Promise<SavedHunt | undefined>;
  /** Makes or replaces the one of its name. False, and nothing changes, when it is new and there are `maxHunts`. */
  put(hunt: SavedHunt, maxHunts: number, entry: NewAuditEntry): Promise<boolean>;
  /** With its schedule. Whether there was one. */
  remove(name: string, entry: NewAuditEntry): Promise<boolean>;
}

/** When a hunt runs by itself: exactly one of the two is not null. */
export interface HuntCadence {
  readonly everyS: number | null;
  /** Minutes after midnight, UTC. */
  readonly dailyMinute: number | null;
}

export interface HuntScheduleOrder extends HuntCadence {
  /** Its name. */
  readonly hunt: string;
  /** How far back it looks, in seconds. */
  readonly spanS: number;
  /** Of alerts about new rows; null where they are only kept. */
  readonly level: Level | null;
  readonly parameters: Readonly<Record<string, string | number | boolean | null>>;
  readonly isEnabled: boolean;
}

/** One run of a scheduled hunt; instants in microseconds. */
export interface HuntRun {
  readonly dueAt: number;
  readonly startedAt: number;
  /** Null while it runs. */
  readonly endedAt: number | null;
  readonly rows: number;
  /** That the run before did not find. */
  readonly newRows: number;
  /** There were more rows than are looked at. */
  readonly isCut: boolean;
  /** Why it failed. */
  readonly error: string | null;
}

export interface HuntSchedule extends HuntScheduleOrder {
  readonly changedAt: number;
  readonly changedBy: string;
  readonly nextAt: number;
  readonly last: HuntRun | null;
}

/** A value of a row as JSON has it. */
export type SqlCell = string | number | boolean | null | object;

/** What a scheduled hunt found. */
export interface HuntResultRows {
  readonly columns: readonly SqlColumn[];
  readonly rows: readonly (readonly SqlCell[])[];
  /** Places of the rows that the run before did not find. */
  readonly fresh: readonly number[];
  readonly foundAt: number;
}

export interface HuntScheduleStore {
  /** By name of the hunt. */
  list(): Promise<readonly HuntSchedule[]>;
  get(hunt: string): Promise<HuntSchedule | undefined>;
  /** Those that are on and due at an instant, the longest due first. */
  due(at: number): Promise<readonly HuntSchedule[]>;
  /** Makes or replaces one; its last run stays. False, and nothing changes, when it is new and there are `most`. */
  put(schedule: HuntSchedule, most: number, entry: NewAuditEntry): Promise<boolean>;
  /** With what it found. Whether there was one. */
  remove(hunt: string, entry: NewAuditEntry): Promise<boolean>;
  /** Claims the run that is due, once: false when it was claimed, or the schedule changed since. */
  begin(hunt: string, run: Pick<HuntRun, 'dueAt' | 'startedAt'>, nextAt: number): Promise<boolean>;
  /** Says how a run ended and, where it did not fail, what it found, in place of what the one before did. */
  end(hunt: string, run: HuntRun, result: HuntResultRows | undefined): Promise<void>;
  /** Ends runs that began and never ended. Gives how many. */
  endUnfinished(at: number, error: string): Promise<number>;
  result(hunt: string): Promise<HuntResultRows | undefined>;
}

export interface WantedBundle {
  readonly version: number;
  readonly digest: string;
}

/** What a host said of its rules last. */
export interface HostBundle {
  readonly hostId: string;
  /** The bundle it was told to run; null before any. */
  readonly wanted: WantedBundle | null;
  readonly status: RuleStatus;
  /** Of the bundle in force; 0 and '' for none. */
  readonly version: number;
  readonly digest: string;
  readonly expiresAt: number;
  /** Of the error catalogue: why the bundle it was offered last is not run; both empty where it is. */
  readonly code: string;
  readonly detail: string;
  /** Since when it is so. */
  readonly since: number;
  readonly toldAt: number;
  readonly report: RuleReport;
}

export type SaidBundle = Omit<HostBundle, 'wanted'>;

export interface HostBundleChange {
  readonly said: readonly SaidBundle[];
  readonly wanted: readonly (WantedBundle & { readonly hostId: string })[];
}

export interface HostBundleStore {
  /** By host id. */
  list(): Promise<readonly HostBundle[]>;
  get(hostId: string): Promise<HostBundle | undefined>;
  /**
   * Keeps what hosts say, in place of what they said before, and what they were told to run; all or nothing. What is not
   * given of a host stays.
   */
  putAll(change: HostBundleChange): Promise<void>;
}

/** A bundle that is kept; its bytes are apart. */
export interface StoredBundle {
  readonly version: number;
  /** SHA-256 of its manifest, hex. */
  readonly digest: string;
  readonly name: string;
  readonly expiresAt: number;
  readonly minAgentVersion: string;
  /** Files of rules that were signed without tests. */
  readonly untested: readonly string[];
  readonly files: number;
  readonly sizeBytes: number;
  readonly addedAt: number;
  readonly addedBy: string;
}

/** When detection took up a bundle, and who wanted it. */
export interface BundleSwitch {
  readonly version: number;
  readonly digest: string;
  readonly at: number;
  readonly by: string;
  /** Why, where somebody said; else empty. */
  readonly reason: string;
  /** Batches up to this one were detected with the rules before, those after it with these. */
  readonly cursor: number;
}

/** What takes effect together when a bundle is put in force. */
export interface BundleActivation extends BundleSwitch {
  /** The bytes as they are to be kept: their statement may be newer. */
  readonly content: Uint8Array;
  /** What is trusted from then on. */
  readonly trust: Uint8Array;
  /** The state of detection under the new rules as of `cursor`; null where it is too large to be kept. */
  readonly snapshot: Uint8Array | null;
}

/** Bundles of rules, and what is trusted. Whatever changes them records its audit entry in the same transaction. */
export interface BundleStore {
  /** Highest version first. */
  list(): Promise<readonly StoredBundle[]>;
  get(version: number): Promise<StoredBundle | undefined>;
  content(version: number): Promise<Uint8Array | undefined>;
  /**
   * Adds a bundle, or takes the place of the one of its version. Of those beyond `maxBundles` the lowest versions go,
   * but never this one nor the one in force; gives which.
   */
  put(
    bundle: StoredBundle,
    content: Uint8Array,
    maxBundles: number,
    entry: NewAuditEntry,
  ): Promise<readonly number[]>;
  /** The switch made last; undefined while the starter pack is in force. */
  inForce(): Promise<BundleSwitch | undefined>;
  /** Newest first. */
  switches(limit: number): Promise<readonly BundleSwitch[]>;
  /** Puts a bundle in force: the switch, what is trusted and the state of detection, all or nothing. */
  activate(activation: BundleActivation, entry: NewAuditEntry): Promise<void>;
  /** Keeps a bundle with a newer statement, and what is trusted with it. */
  restate(version: number, content: Uint8Array, trust: Uint8Array, entry: NewAuditEntry): Promise<void>;
  /** Signed roots, oldest first. */
  roots(): Promise<readonly Uint8Array[]>;
  /** Adds a root and what is trusted with it. False, and nothing changes, when there is one of the version. */
  addRoot(version: number, root: Uint8Array, trust: Uint8Array, entry: NewAuditEntry): Promise<boolean>;
  /** What is trusted, encoded; undefined before the first root. */
  trust(): Promise<Uint8Array | undefined>;
}

/** Rollouts of bundles; a change records its audit entry in the same transaction. */
export interface RolloutStore {
  /** Newest first. */
  list(): Promise<readonly Rollout[]>;
  get(id: string): Promise<Rollout | undefined>;
  /** Keeps it in place of what it was. The oldest beyond a bound go. */
  put(rollout: Rollout, entry?: NewAuditEntry): Promise<void>;
}

export interface ControlStore {
  readonly accounts: AccountStore;
  readonly accessSettings: AccessSettingsStore;
  readonly retentionSettings: RetentionSettingStore;
  readonly rollouts: RolloutStore;
  readonly hostBundles: HostBundleStore;
  readonly bundles: BundleStore;
  readonly hunts: HuntStore;
  readonly huntSchedules: HuntScheduleStore;
  readonly hosts: HostStore;
  readonly hostGroups: HostGroupStore;
  readonly alerts: AlertStore;
  readonly alertExceptions: AlertExceptionStore;
  readonly stories: StoryStore;
  readonly detection: DetectionStore;
  readonly enrolment: EnrolmentStore;
  readonly certificates: CertificateStore;
  readonly credentials: CredentialStore;
  readonly commands: CommandStore;
  readonly querySchedules: QueryScheduleStore;
  readonly audit: AuditStore;
  /** Writes again what is not encrypted under the key in force; gives the rows changed. */
  reseal(): Promise<number>;
  close(): Promise<void>;
}

/** A stored event with where it came from. `id` is derived: host, stream, sequence, index. */
export interface StoredEvent {
  readonly id: string;
  readonly hostId: string;
  readonly hostName: string;
  readonly event: EventRow;
}

export interface EventQuery {
  readonly filter: Filter;
  /** Inclusive, by event time. */
  readonly since?: number;
  readonly until?: number;
  /** 1 to 1,000. */
  readonly limit: number;
  /** `newest` goes back in event time; `arrival` goes forward from the cursor, for following. */
  readonly order: 'newest' | 'arrival';
  readonly cursor?: string;
}

export interface EventReader {
  /**
   * A page may hold fewer than `limit`, even none, and yet have a `next`: the search took its time and goes on from
   * there. Newest first, pages are without gaps and repeats, whatever arrives or is sealed meanwhile.
   * With `arrival`, `next` is never null: pass it again to get what has arrived since; whoever comes back so late that
   * events were sealed meanwhile may get some of them again. A cursor this reader did not give is
   * `store.cursor_invalid`.
   */
  search(query: EventQuery): Promise<Page<StoredEvent>>;
  get(id: string): Promise<StoredEvent | undefined>;
}

/** What is counted; instants in microseconds, inclusive. */
export interface EventCountQuery {
  readonly filter: Filter;
  /** Absent: from the first event that passes. */
  readonly since?: number;
  readonly until: number;
  /** Most bars of time; a width that clocks know makes them fewer. */
  readonly bars: number;
}

export interface EventCounts {
  readonly since: number;
  readonly until: number;
  readonly widthUs: number;
  /** Bars with events, by time; `at` is where the bar begins. */
  readonly items: readonly { readonly at: number; readonly type: string; readonly events: number }[];
}

/** A value of a field, and how many events have it. */
export interface EventValue {
  readonly value: string;
  readonly events: number;
}

/** Counting over everything that is stored. Filters may name hosts. All reject with `hunt.*`. */
export interface EventCounting {
  counts(query: EventCountQuery): Promise<EventCounts>;
  /** Values of a field that most events have, by their number. */
  values(query: Omit<EventCountQuery, 'bars'>, field: string, most: number): Promise<readonly EventValue[]>;
}

export type SqlValue = string | number | bigint | boolean | null | readonly SqlValue[];

/** What a statement over stored events may take; beyond any of it, it ends with `hunt.limit`. */
export interface SqlBounds {
  readonly maxRows: number;
  readonly timeoutMs: number;
}

export interface SqlColumn {
  readonly name: string;
  /** As DuckDB writes it, e.g. `VARCHAR`. */
  readonly type: string;
}

export interface SqlRows {
  readonly columns: readonly SqlColumn[];
  /** In the order of the columns. Instants are microseconds since the epoch. */
  readonly rows: readonly (readonly SqlValue[])[];
  /** There were more rows than the bound. */
  readonly isCut: boolean;
}

/** A text that every row of a type must have in a column to be of use, whatever the case. */
export interface NeededText {
  readonly type: string;
  readonly column: string;
  /** Folded (fold-text.ts). */
  readonly text: string;
}

/** What a statement looks at; files that hold nothing of it are not read. */
export interface SqlScope {
  /** Event time, inclusive, microseconds. */
  readonly since?: number;
  readonly until?: number;
  readonly needed?: readonly NeededText[];
}

/**
 * SQL over everything that is stored, what was acknowledged a moment ago included. One view for each event type, by its
 * name (`"process.start"`), and `events` over all; columns as in segments/layout.ts.
 */
export interface EventSql {
  /** One statement that only reads; `$1`, `$2`… stand for `values`. Rejects with `hunt.*`. */
  query(
    sql: string,
    values?: readonly SqlValue[],
    bounds?: Partial<SqlBounds>,
    scope?: SqlScope,
  ): Promise<SqlRows>;
}

/** A statement somebody asks: names of fields need no quotes, `$name` stands for a parameter. */
export interface SqlRequest {
  readonly sql: string;
  readonly parameters: Readonly<Record<string, SqlValue>>;
  /** Events of that time only, inclusive, microseconds; files without any are not read. */
  readonly since?: number;
  readonly until?: number;
  readonly bounds: SqlBounds;
}

/** Rows as text, one a line: JSON arrays in the order of the columns, JSON objects, or CSV with a head. Instants are ISO 8601. */
export type SqlTextForm = 'arrays' | 'objects' | 'csv';

/** What a running statement gives, in this order but for `progress`. */
export type SqlPart =
  | { readonly part: 'columns'; readonly columns: readonly SqlColumn[] }
  /** Whole lines. */
  | { readonly part: 'text'; readonly text: string; readonly rows: number }
  | { readonly part: 'progress'; readonly percent: number }
  | SqlEnd;

export interface SqlEnd {
  readonly part: 'end';
  readonly rows: number;
  /** There were more rows than the bound; for a file, as many or more. */
  readonly isCut: boolean;
  /** Stored batches that could not be read, because the disk has changed them. */
  readonly damagedBatches: number;
}

/** The same, for people: in parts as they come, or in a file. An aborted signal cancels with `hunt.cancelled`. */
export interface SqlStreams {
  stream(request: SqlRequest, form: SqlTextForm, signal: AbortSignal): AsyncGenerator<SqlPart>;
  /** Whoever asked removes the file at `path`. */
  parquet(
    request: SqlRequest,
    signal: AbortSignal,
    onProgress: (percent: number) => void,
  ): Promise<SqlEnd & { readonly path: string }>;
}

/** Per host: collected = stored + lost, exactly, as of the last stored batch. */
export interface HostLedger {
  readonly hostId: string;
  readonly hostName: string;
  readonly connected: boolean;
  readonly collected: number;
  readonly stored: number;
  readonly lost: number;
  /** By reason; what a sensor lost is under `sensor-overrun/NAME`. */
  readonly lostByReason: Readonly<Record<string, number>>;
  /** Stored, and gone over by detection. */
  readonly detected: number;
  /** Collected by the agent after the last stored batch, as it last said. */
  readonly pending: number;
  /** Batches that came again and were dropped. */
  readonly repeats: number;
  /** Events stored more than once. Anything but 0 is a defect. */
  readonly duplicates: number;
  /** collected - stored - lost. Anything but 0 is a defect. */
  readonly unaccounted: number;
}

/** State of the detectors that rules ask for, and what became of their events since the collector started. */
export interface DetectorTotals {
  /** Of all of them, as estimated. */
  readonly bytes: number;
  readonly detectors: readonly DetectorStats[];
}

/** State of correlations, and what they left out since the collector started. */
export interface CorrelationTotals {
  readonly groups: number;
  readonly sizeBytes: number;
  /** Groups that left for room while they still might have mattered. */
  readonly evicted: number;
  /** Events that came too late for any window that is still judged. */
  readonly tooLate: number;
  /** Events that left a group that had too many. */
  readonly dropped: number;
  /** Events without the value that is counted or reckoned with. */
  readonly unusable: number;
}

/** What is sealed, and how long the disk lasts. */
export interface StorageStatus {
  readonly segments: { readonly files: number; readonly events: number; readonly sizeBytes: number };
  /** Times of the first and last sealed event; null while nothing is. */
  readonly oldestEventAt: number | null;
  readonly newestEventAt: number | null;
  /** Over the last day, or what there is of it; null before an hour of it. */
  readonly bytesPerDay: number | null;
  readonly freeBytes: number;
  /** When the disk is full at that rate; null when retention keeps it from ever being, or the rate is not known. */
  readonly fullAt: number | null;
  /** Ids of keys, null for in the clear: what is encrypted under them from now on, and what is stored under each. */
  readonly encryption: {
    readonly key: string | null;
    readonly stored: readonly KeyUse[];
    /** Alerts and answers may not all be under the key in force. */
    readonly isPending: boolean;
  };
}

export interface KeyUse {
  readonly key: string | null;
  readonly segments: number;
  /** Of the journal. */
  readonly batches: number;
}

export interface CollectorStatus {
  readonly version: string;
  readonly startedAt: number;
  readonly hosts: readonly HostLedger[];
  readonly journal: { readonly events: number; readonly batches: number; readonly sizeBytes: number };
  readonly storage: StorageStatus;
  readonly detection: {
    readonly rules: number;
    readonly bundle: BundleInForce | null;
    readonly lagBatches: number;
    readonly lagMs: number;
    /** Stored batches that detection could not read since the start: the disk has changed them. */
    readonly damagedBatches: number;
    readonly correlations: CorrelationTotals;
  };
  readonly alerts: Readonly<Record<AlertStatus, number>>;
}

/** Events stored in one second of arrival, by type. */
export interface RatePoint {
  /** Seconds since the epoch. */
  readonly second: number;
  readonly counts: Readonly<Record<string, number>>;
}

/** A rule at work, as operators see it. */
export interface RuleSummary {
  readonly id: string;
  readonly title: string;
  readonly level: Level;
  readonly tags: readonly string[];
  readonly logsource: { readonly category?: string; readonly product?: string; readonly service?: string };
  readonly file: string;
}

/** What is wrong with a rule file, where, and what to do. An `error` has refused the rule. */
export interface RuleProblem {
  readonly severity: 'error' | 'warning';
  readonly code: string;
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly action: string;
}

/** What is said of a rule while somebody writes it. */
export interface RuleCheck {
  readonly problems: readonly RuleProblem[];
  readonly cases: readonly {
    readonly name: string;
    readonly expect: 'hit' | 'miss';
    readonly passed: boolean;
    readonly detail: string;
  }[];
  /** In words, a line each. */
  readonly words: readonly string[];
}

/** What rules cover of MITRE ATT&CK. */
export interface RuleCoverage {
  readonly techniques: readonly {
    readonly id: string;
    readonly tactics: readonly string[];
    readonly rules: number;
    readonly fed: number;
    readonly ruleIds: readonly string[];
  }[];
  readonly tactics: readonly { readonly name: string; readonly techniques: readonly string[] }[];
  readonly summary: {
    readonly rules: number;
    readonly fed: number;
    readonly withoutTechnique: number;
    readonly techniques: number;
    readonly fedTechniques: number;
  };
}

/** The bundle that detection works with. */
export type BundleInForce = Pick<BundleSwitch, 'version' | 'digest' | 'at'>;

export interface LoadedRules {
  /** Null while the starter pack and the rules of the data folder are in force. */
  readonly bundle: BundleInForce | null;
  readonly rules: readonly RuleSummary[];
  readonly problems: readonly RuleProblem[];
}
