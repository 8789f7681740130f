import {
  type Bundle,
  buildBundle,
  decodeBundle,
  digestOf,
  encodeBundle,
  encodeTrust,
  type Manifest,
  openBundle,
  readContent,
  readManifest,
  readStatement,
  rootOf,
  type Trust,
  trustIn,
  verifyContent,
  withSignature,
} from '#shared/bundle/index.ts';
import { type ErrorCode, type Result, VedetteError } from '#shared/errors.ts';
import type { SwitchInput } from '../ingest/messages.ts';
import type { BundleInForce, LoadedRules, StoredBundle } from '../store/contract.ts';
import { bundledFiles, type CheckedSource } from './check.ts';
import type {
  ActivateOrder,
  BuildOrder,
  Built,
  BundleList,
  BundleService,
  OfferedBundle,
  RootStatus,
} from './contract.ts';
import { demandPrepared, demandSound } from './demand-sound.ts';
import { type EditBase, editedSource, type RuleEdit, withVouched } from './edits.ts';
import { isEnough } from './online-keys.ts';
import { type SourceFiles, withStarterPack } from './source.ts';
import { newStatement } from './statement.ts';
import type { TestTexts } from './test-texts.ts';
import { TrustedRoots, type TrustedRootsDeps } from './trusted-roots.ts';

/** Bundles that are kept; the lowest versions beyond go. */
export const maxBundles = 32;
/** Changes that may wait for one another; each may hold a bundle in memory. */
export const maxWaiting = 8;
/** Hosts go on past it; long enough for somebody to look at what went wrong. */
const starterPackLifeUs = 365 * 86_400_000_000;
/** Switches that are told. */
const listedSwitches = 50;

export interface BundlesDeps extends TrustedRootsDeps {
  readonly check: (files: SourceFiles) => Promise<CheckedSource>;
  /** What rules are in force, be they of a bundle or of folders. */
  readonly inForce: () => Promise<EditBase>;
  readonly tests: TestTexts;
  /** Puts rules in force for detection, and keeps that. */
  readonly switchTo: (bundle: SwitchInput) => Promise<Result<LoadedRules>>;
  /** Told when roots or signatures have changed, and with them perhaps what hosts would take. */
  readonly onChange?: () => void;
  /** How long the collector says that a bundle is the one to run. */
  readonly statementLifeMs: number;
}

interface OfferOrder {
  readonly rollbackFrom: number;
  readonly by: string;
  readonly action: string;
  readonly reason: string;
}

/** See the contract. One thing is done at a time. */
export class Bundles implements BundleService {
  readonly #d: BundlesDeps;
  readonly #roots: TrustedRoots;
  #turn: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  private constructor(deps: BundlesDeps) {
    this.#d = deps;
    this.#roots = new TrustedRoots(deps);
  }

  /** Makes the first root where there is none. */
  static async open(deps: BundlesDeps): Promise<Bundles> {
    const bundles = new Bundles(deps);
    await bundles.#roots.open();
    return bundles;
  }

  async list(): Promise<BundleList> {
    const { store } = this.#d;
    const [bundles, inForce, switches] = await Promise.all([
      store.list(),
      store.inForce(),
      store.switches(listedSwitches),
    ]);
    const refusedWith = inForce === undefined ? null : await this.#refusalOf(inForce.version);
    return { bundles, inForce: inForce ?? null, switches, refusedWith };
  }

  async get(version: number): Promise<StoredBundle> {
    return found(await this.#d.store.get(version), version);
  }

  async content(version: number): Promise<Uint8Array> {
    const kept = decodeBundle(found(await this.#d.store.content(version), version));
    return encodeBundle(await this.#roots.under(kept));
  }

  root(): Promise<RootStatus> {
    return this.#roots.status();
  }

  addRoot(document: Uint8Array, by: string): Promise<RootStatus> {
    return this.#inTurn(async () => {
      await this.#roots.add(document, by);
      this.#d.onChange?.();
      return await this.#roots.status();
    });
  }

  add(bytes: Uint8Array, by: string): Promise<StoredBundle> {
    return this.#inTurn(async () => {
      const given = decodeBundle(bytes);
      await this.#roots.follow(given, by);
      const bundle = await this.#roots.under(given);
      const { manifest, files } = verifyContent(bundle, await this.#roots.trust(), this.#d.now());
      // Tests are for whoever signed it; that all of it compiles here is for us.
      const checked = await this.#d.check(files);
      demandSound(checked, true);
      demandPrepared(files, checked);
      const kept = await this.#keep(bundle, manifest, by, 'bundle.add');
      this.#d.onChange?.();
      return kept;
    });
  }

  build(source: Uint8Array, order: BuildOrder): Promise<Built> {
    return this.#inTurn(async () => {
      const { files } = readContent(decodeBundle(source));
      return await this.#sign(files, await this.#d.check(files), order, 'bundle.build');
    });
  }

  edit(edits: readonly RuleEdit[], order: BuildOrder): Promise<Built> {
    return this.#inTurn(async () => {
      const base = await this.#d.inForce();
      const source = editedSource(base, edits);
      const checked = withVouched(await this.#d.check(source.files), base, source);
      return await this.#sign(source.files, checked, order, 'bundle.edit');
    });
  }

  /** Builds, signs and keeps a source that was checked. Its tests are kept beside. */
  async #sign(files: SourceFiles, checked: CheckedSource, order: BuildOrder, action: string): Promise<Built> {
    const { keys, now, tests: texts } = this.#d;
    const trust = await this.#roots.trust();
    if (!isEnough(rootOf(trust), 'signing', keys))
      throw new VedetteError('bundle.key_offline', 'The collector may not sign bundles by itself.');
    demandSound(checked, order.isForced);
    const { name, minAgentVersion, expiresAt, by } = order;
    const { untested, tests, rules, failed } = checked;
    const version = (await this.#highestVersion(trust)) + 1;
    const facts = { name, version, expiresAt, minAgentVersion, untested, tests };
    const built = await this.#roots.under(buildBundle(bundledFiles(files, checked), facts));
    const bundle = { ...built, manifest: withSignature(built.manifest, 'signing', keys.signing) };
    const { manifest } = verifyContent(bundle, trust, now());
    const kept = await this.#keep(bundle, manifest, by, action);
    await texts.keep(files, () => this.#testsNamed());
    return { bundle: kept, rules, failed };
  }

  /** Hashes of the tests of all bundles that are kept. */
  async #testsNamed(): Promise<ReadonlySet<string>> {
    const named = new Set<string>();
    for (const { version } of await this.#d.store.list()) {
      const content = await this.#d.store.content(version);
      if (content === undefined) continue;
      for (const { sha256 } of readManifest(decodeBundle(content).manifest.signed).tests) named.add(sha256);
    }
    return named;
  }

  activate({ version, by, reason, isRollback }: ActivateOrder): Promise<BundleInForce> {
    return this.#inTurn(async () => {
      const trust = await this.#roots.trust();
      const bundle = decodeBundle(await this.content(version));
      if (version < trust.bundleVersion && !isRollback) {
        const detail = `It is bundle ${version}; bundle ${trust.bundleVersion} is in force.`;
        throw new VedetteError('bundle.older', detail);
      }
      const rollbackFrom = isRollback ? await this.#highestVersion(trust) : 0;
      const content = encodeBundle(this.#stated(bundle, trust, rollbackFrom));
      const opened = openBundle(content, trust, this.#d.now());
      const outcome = await this.#d.switchTo({
        ...{ version, digest: opened.digest, by, reason, isRollback, content },
        trust: encodeTrust(opened.trust),
      });
      if (!outcome.ok) throw outcome.error;
      return { version, digest: opened.digest, at: outcome.value.bundle?.at ?? this.#d.now() };
    });
  }

  stage(version: number, by: string): Promise<OfferedBundle> {
    return this.#inTurn(async () => {
      const trust = await this.#roots.trust();
      if (version <= trust.bundleVersion) {
        const detail = `It is bundle ${version}; bundle ${trust.bundleVersion} was in force.`;
        throw new VedetteError('bundle.older', detail);
      }
      const bundle = decodeBundle(await this.content(version));
      return await this.#offer(bundle, trust, { rollbackFrom: 0, by, action: 'bundle.stage', reason: '' });
    });
  }

  callBack(by: string, reason: string): Promise<OfferedBundle | undefined> {
    return this.#inTurn(async () => {
      const inForce = await this.#d.store.inForce();
      if (inForce === undefined) return undefined;
      const trust = await this.#roots.trust();
      if (!this.#maySay(trust))
        throw new VedetteError(
          'bundle.key_offline',
          'The collector may not say by itself that hosts go back.',
        );
      const bundle = decodeBundle(await this.content(inForce.version));
      const rollbackFrom = await this.#highestVersion(trust);
      return await this.#offer(bundle, trust, { rollbackFrom, by, action: 'bundle.call-back', reason });
    });
  }

  async buildStarterPack(by: string): Promise<StoredBundle> {
    const facts = { name: 'starter-pack', version: 1, expiresAt: 0, minAgentVersion: '0.1.0' };
    const source = buildBundle(await withStarterPack(new Map()), { ...facts, untested: [], tests: [] });
    const expiresAt = this.#d.now() + starterPackLifeUs;
    const { name, minAgentVersion } = facts;
    return (await this.build(encodeBundle(source), { name, minAgentVersion, expiresAt, isForced: true, by }))
      .bundle;
  }

  /** Makes a newer statement about a bundle and keeps it; what is in force stays. */
  async #offer(
    bundle: Bundle,
    trust: Trust,
    { rollbackFrom, by, action, reason }: OfferOrder,
  ): Promise<OfferedBundle> {
    const bytes = encodeBundle(this.#stated(bundle, trust, rollbackFrom));
    const opened = openBundle(bytes, trust, this.#d.now());
    const { version, digest } = opened;
    const { statementVersion, statementDigest } = opened.trust;
    const kept = encodeTrust({ ...trust, statementVersion, statementDigest });
    const detail = { statement: statementVersion, ...(reason !== '' && { reason }) };
    const entry = { at: this.#d.now(), actor: by, action, target: `bundle ${version}`, detail };
    await this.#d.store.restate(version, bytes, kept, entry);
    return { version, digest, bytes };
  }

  /**
   * Says anew that the bundle in force is the one to run, once half the time it was said for is over and where the
   * collector has the key for it. A decision to go back stays one. Gives whether it did.
   */
  tend(): Promise<boolean> {
    return this.#inTurn(async () => {
      const { store, now, statementLifeMs } = this.#d;
      const last = await store.inForce();
      const trust = await this.#roots.trust();
      if (last === undefined || !this.#maySay(trust)) return false;
      const bundle = decodeBundle(await this.content(last.version));
      const said = bundle.statement === null ? undefined : readStatement(bundle.statement.signed);
      if (said !== undefined && said.expiresAt - now() > (statementLifeMs * 1000) / 2) return false;
      const content = encodeBundle(this.#stated(bundle, trust, said?.rollbackFrom ?? 0));
      const opened = openBundle(content, trust, now());
      const detail = { statement: opened.trust.statementVersion };
      const what = { action: 'bundle.restate', target: `bundle ${last.version}`, detail };
      const entry = { at: now(), actor: 'collector', ...what };
      await store.restate(last.version, content, encodeTrust(opened.trust), entry);
      return true;
    });
  }

  /** Whether the collector may say by itself which bundle is the one to run. */
  #maySay(trust: Trust): boolean {
    return isEnough(rootOf(trust), 'expiry', this.#d.keys);
  }

  /** With a statement of ours where we may say so; else with the one it has. */
  #stated(bundle: Bundle, trust: Trust, rollbackFrom: number): Bundle {
    if (!this.#maySay(trust)) return bundle;
    const { now, statementLifeMs, keys } = this.#d;
    const statement = newStatement(bundle, trust, { rollbackFrom, lifeMs: statementLifeMs, now: now() });
    return { ...bundle, statement: withSignature(statement, 'expiry', keys.expiry) };
  }

  async #keep(bundle: Bundle, manifest: Manifest, by: string, action: string): Promise<StoredBundle> {
    const { store, now } = this.#d;
    const { version, name, expiresAt, minAgentVersion, untested, files } = manifest;
    const digest = digestOf(bundle);
    const before = await store.get(version);
    if (before !== undefined && before.digest !== digest)
      throw new VedetteError('bundle.version_reused', `There is another bundle ${version} already.`);
    const content = encodeBundle(bundle);
    const kept: StoredBundle = {
      ...{ version, digest, name, expiresAt, minAgentVersion, untested, files: files.length },
      ...{ sizeBytes: content.length, addedAt: now(), addedBy: by },
    };
    const detail = { digest, files: files.length, untested: untested.length };
    const entry = { at: now(), actor: by, action, target: `bundle ${version}`, detail };
    await store.put(kept, content, maxBundles, entry);
    return kept;
  }

  /** Why an agent that trusts the root of now and knows no bundle would refuse this one; null when it would not. */
  async #refusalOf(version: number): Promise<ErrorCode | null> {
    try {
      const { root } = await this.#roots.trust();
      openBundle(await this.content(version), trustIn(root), this.#d.now());
      return null;
    } catch (error) {
      if (error instanceof VedetteError) return error.code;
      throw error;
    }
  }

  async #highestVersion({ bundleVersion }: Trust): Promise<number> {
    const [newest] = await this.#d.store.list();
    return Math.max(newest?.version ?? 0, bundleVersion);
  }

  /** Throws `rules.busy` where too many wait. */
  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#waiting >= maxWaiting)
      throw new VedetteError('rules.busy', `${this.#waiting} changes of bundles wait or run.`);
    this.#waiting++;
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return await done.finally(() => this.#waiting--);
  }
}

function found<T>(what: T | undefined, version: number): T {
  if (what === undefined) throw new VedetteError('api.not_found', `There is no bundle ${version}.`);
  return what;
}
