import {
  type Bundle,
  buildBundle,
  bundleBounds,
  decodeBundle,
  decodeDocument,
  decodeTrust,
  digestOf,
  encodeBundle,
  encodeDocument,
  encodeTrust,
  followRoots,
  type Manifest,
  openBundle,
  type RoleName,
  readContent,
  readRoot,
  readStatement,
  rootOf,
  type SignedDocument,
  statementJson,
  type Trust,
  trustIn,
  unsigned,
  verifyContent,
  withSignature,
} from '#shared/bundle/index.ts';
import { type Result, VedetteError } from '#shared/errors.ts';
import type { SwitchInput } from '../ingest/messages.ts';
import type {
  BundleInForce,
  BundleStore,
  LoadedRules,
  NewAuditEntry,
  StoredBundle,
} from '../store/contract.ts';
import { bundledFiles, type CheckedSource } from './check.ts';
import type { ActivateOrder, BuildOrder, Built, BundleList, BundleService, RootStatus } from './contract.ts';
import { firstRoot, isEnough, isGiven, type OnlineKeys } from './online-keys.ts';
import type { SourceFiles } from './source.ts';

/** Bundles that are kept; the lowest versions beyond go. */
export const maxBundles = 32;
/** Switches that are told. */
const listedSwitches = 50;

export interface BundlesDeps {
  readonly store: BundleStore;
  readonly keys: OnlineKeys;
  readonly check: (files: SourceFiles) => Promise<CheckedSource>;
  /** Puts rules in force for detection, and keeps that. */
  readonly switchTo: (bundle: SwitchInput) => Promise<Result<LoadedRules>>;
  /** How long the collector says that a bundle is the one to run. */
  readonly statementLifeMs: number;
  /** Microseconds. */
  readonly now: () => number;
}

/** See the contract. One thing is done at a time. */
export class Bundles implements BundleService {
  readonly #d: BundlesDeps;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(deps: BundlesDeps) {
    this.#d = deps;
  }

  /** Makes the first root where there is none. */
  static async open(deps: BundlesDeps): Promise<Bundles> {
    const bundles = new Bundles(deps);
    if ((await deps.store.trust()) === undefined) {
      const root = firstRoot(deps.keys, deps.now());
      const entry = bundles.#entry('collector', 'root.make', 'root 1', { keys: 'online' });
      await deps.store.addRoot(1, encodeDocument(root), encodeTrust(trustIn(root)), entry);
    }
    return bundles;
  }

  async list(): Promise<BundleList> {
    const { store } = this.#d;
    const [bundles, inForce, switches] = await Promise.all([
      store.list(),
      store.inForce(),
      store.switches(listedSwitches),
    ]);
    return { bundles, inForce: inForce ?? null, switches };
  }

  async get(version: number): Promise<StoredBundle> {
    return found(await this.#d.store.get(version), version);
  }

  async content(version: number): Promise<Uint8Array> {
    return found(await this.#d.store.content(version), version);
  }

  add(bytes: Uint8Array, by: string): Promise<StoredBundle> {
    return this.#inTurn(async () => {
      const bundle = decodeBundle(bytes);
      await this.#followRootsOf(bundle, by);
      const { manifest, files } = verifyContent(
        await this.#underOurRoots(bundle),
        await this.#trust(),
        this.#d.now(),
      );
      const { problems } = await this.#d.check(files);
      const refused = problems.find(({ severity }) => severity === 'error');
      if (refused !== undefined)
        throw new VedetteError('rules.refused', `${refused.file}:${refused.line}: ${refused.message}`);
      return await this.#keep(bundle, manifest, by, 'bundle.add');
    });
  }

  build(source: Uint8Array, order: BuildOrder): Promise<Built> {
    return this.#inTurn(async () => {
      const key = await this.#keyFor('signing');
      const { files } = readContent(decodeBundle(source));
      const checked = await this.#d.check(files);
      demandSound(checked, order.isForced);
      const { name, minAgentVersion, expiresAt, by } = order;
      const { untested, tests, rules, failed } = checked;
      const version = await this.#nextVersion();
      const built = buildBundle(bundledFiles(files), {
        ...{ name, version, expiresAt, minAgentVersion, untested, tests },
      });
      const bundle = { ...built, manifest: withSignature(built.manifest, 'signing', key) };
      const { manifest } = verifyContent(
        await this.#underOurRoots(bundle),
        await this.#trust(),
        this.#d.now(),
      );
      return { bundle: await this.#keep(bundle, manifest, by, 'bundle.build'), rules, failed };
    });
  }

  activate({ version, by, reason, isRollback }: ActivateOrder): Promise<BundleInForce> {
    return this.#inTurn(async () => {
      const bundle = await this.#underOurRoots(decodeBundle(await this.content(version)));
      const trust = await this.#trust();
      const stated = await this.#stated(bundle, version, trust, isRollback);
      const content = encodeBundle(stated);
      const opened = openBundle(content, trust, this.#d.now());
      const outcome = await this.#d.switchTo({
        ...{ version, digest: opened.digest, by, reason, isRollback: version < trust.bundleVersion, content },
        ...{ trust: encodeTrust(opened.trust) },
      });
      if (!outcome.ok) throw outcome.error;
      return outcome.value.bundle!;
    });
  }

  async root(): Promise<RootStatus> {
    const trust = await this.#trust();
    const root = rootOf(trust);
    const online = (['root', 'signing', 'expiry'] as const).filter((role) =>
      isGiven(root, role, this.#d.keys),
    );
    return { root, online, document: encodeDocument(trust.root) };
  }

  addRoot(document: Uint8Array, by: string): Promise<RootStatus> {
    return this.#inTurn(async () => {
      const given = decodeDocument(document, 'the root');
      readRoot(given.signed);
      const trust = await this.#trust();
      const isOurs = isGiven(rootOf(trust), 'root', this.#d.keys);
      await this.#takeRoot(isOurs ? withSignature(given, 'root', this.#d.keys.root) : given, trust, by);
      return await this.root();
    });
  }

  /**
   * Says anew that the bundle in force is the one to run, once half the time it was said for is over and where the
   * collector has the key for it. Gives whether it did.
   */
  tend(): Promise<boolean> {
    return this.#inTurn(async () => {
      const { store, keys, now, statementLifeMs } = this.#d;
      const last = await store.inForce();
      const trust = await this.#trust();
      if (last === undefined || !isEnough(rootOf(trust), 'expiry', keys)) return false;
      const bundle = decodeBundle(await this.content(last.version));
      const said = bundle.statement === null ? undefined : readStatement(bundle.statement.signed);
      if (said !== undefined && said.expiresAt - now() > statementLifeMs * 500) return false;
      const ours = await this.#underOurRoots(bundle);
      const content = encodeBundle({ ...ours, statement: this.#statement(ours, last.version, trust, 0) });
      const opened = openBundle(content, trust, now());
      const detail = { statement: opened.trust.statementVersion };
      const entry = this.#entry('collector', 'bundle.restate', `bundle ${last.version}`, detail);
      await store.restate(last.version, content, encodeTrust(opened.trust), entry);
      return true;
    });
  }

  /** With a statement of ours where there is none that will do and we have the key; else as it is. */
  async #stated(bundle: Bundle, version: number, trust: Trust, isRollback: boolean): Promise<Bundle> {
    const isOlder = version < trust.bundleVersion;
    if (isOlder && !isRollback)
      throw new VedetteError(
        'bundle.older',
        `It is bundle ${version}; bundle ${trust.bundleVersion} is in force.`,
      );
    if (!isEnough(rootOf(trust), 'expiry', this.#d.keys)) return bundle;
    return {
      ...bundle,
      statement: this.#statement(bundle, version, trust, isOlder ? trust.bundleVersion : 0),
    };
  }

  /**
   * A statement's version is the time in milliseconds, where that is higher than the one before: so statements made
   * here and elsewhere, or after an older database was restored, still follow one another.
   */
  #statement(bundle: Bundle, bundleVersion: number, trust: Trust, rollbackFrom: number): SignedDocument {
    const { now, statementLifeMs, keys } = this.#d;
    const version = Math.max(trust.statementVersion + 1, Math.floor(now() / 1000));
    const expiresAt = now() + statementLifeMs * 1000;
    const said = { version, bundleVersion, digest: digestOf(bundle), expiresAt, rollbackFrom };
    return withSignature(unsigned(statementJson(said)), 'expiry', keys.expiry);
  }

  async #keep(bundle: Bundle, manifest: Manifest, by: string, action: string): Promise<StoredBundle> {
    const { store, now } = this.#d;
    const { version, name, expiresAt, minAgentVersion, untested, files } = manifest;
    const digest = digestOf(bundle);
    const before = await store.get(version);
    if (before !== undefined && before.digest !== digest)
      throw new VedetteError('bundle.version_reused', `There is another bundle ${version} already.`);
    const content = encodeBundle(await this.#underOurRoots(bundle));
    const kept: StoredBundle = {
      ...{ version, digest, name, expiresAt, minAgentVersion, untested, files: files.length },
      ...{ sizeBytes: content.length, addedAt: now(), addedBy: by },
    };
    const detail = { digest, files: files.length, untested: untested.length };
    await store.put(kept, content, maxBundles, this.#entry(by, action, `bundle ${version}`, detail));
    return kept;
  }

  /** Takes up roots that a bundle brings and that come after ours. */
  async #followRootsOf({ roots }: Bundle, by: string): Promise<void> {
    for (const document of roots) {
      const trust = await this.#trust();
      if (readRoot(document.signed).version > rootOf(trust).version)
        await this.#takeRoot(document, trust, by);
      else await this.#demandOurs(document);
    }
  }

  async #demandOurs(document: SignedDocument): Promise<void> {
    const ours = await this.#roots();
    const { version } = readRoot(document.signed);
    if (ours.some(({ signed }) => signed === document.signed)) return;
    throw new VedetteError('bundle.root_unknown', `Its root ${version} is not the one that is trusted here.`);
  }

  async #takeRoot(document: SignedDocument, trust: Trust, by: string): Promise<void> {
    const { store, now } = this.#d;
    const followed = followRoots(trust, [document], now());
    const { version } = readRoot(document.signed);
    const entry = this.#entry(by, 'root.add', `root ${version}`, {});
    if (
      version === rootOf(trust).version ||
      !(await store.addRoot(version, encodeDocument(document), encodeTrust(followed), entry))
    )
      throw new VedetteError('bundle.root_older', `Root ${version} is trusted already.`);
  }

  async #roots(): Promise<readonly SignedDocument[]> {
    const documents = await this.#d.store.roots();
    return documents.map((document) => decodeDocument(document, 'a root'));
  }

  /** So that whoever trusts an older root can follow. */
  async #underOurRoots(bundle: Bundle): Promise<Bundle> {
    return { ...bundle, roots: (await this.#roots()).slice(-bundleBounds.roots) };
  }

  async #nextVersion(): Promise<number> {
    const { store } = this.#d;
    const [newest] = await store.list();
    const { bundleVersion } = await this.#trust();
    return Math.max(newest?.version ?? 0, bundleVersion) + 1;
  }

  async #keyFor(role: RoleName) {
    const root = rootOf(await this.#trust());
    if (isEnough(root, role, this.#d.keys)) return this.#d.keys[role];
    throw new VedetteError(
      'bundle.key_offline',
      `Root ${root.version} has no key of the collector for ${role}.`,
    );
  }

  async #trust(): Promise<Trust> {
    const trust = await this.#d.store.trust();
    if (trust === undefined) throw new VedetteError('data.corrupt', 'What is trusted for bundles is gone.');
    return decodeTrust(trust);
  }

  #entry(actor: string, action: string, target: string, detail: NewAuditEntry['detail']): NewAuditEntry {
    return { at: this.#d.now(), actor, action, target, detail };
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

function found<T>(what: T | undefined, version: number): T {
  if (what === undefined) throw new VedetteError('api.not_found', `There is no bundle ${version}.`);
  return what;
}

/** Throws `rules.refused`, `rules.untested`. */
export function demandSound({ problems, untested, failed }: CheckedSource, isForced: boolean): void {
  const refused = problems.filter(({ severity }) => severity === 'error');
  if (refused.length > 0) {
    const lines = refused.slice(0, 5).map(({ file, line, message }) => `${file}:${line}: ${message}`);
    throw new VedetteError('rules.refused', `${refused.length} are refused. ${lines.join(' ')}`);
  }
  if (untested.length === 0 || isForced) return;
  const failures = failed.slice(0, 5).map(({ file, name, detail }) => `${file}, ${name}: ${detail}`);
  const files = untested.slice(0, 5).join(', ');
  const more = untested.length > 5 ? ', …' : '';
  throw new VedetteError(
    'rules.untested',
    `${untested.length}: ${files}${more}. ${failures.join(' ')}`.trim(),
  );
}
