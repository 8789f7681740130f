import {
  type Bundle,
  bundleBounds,
  decodeDocument,
  decodeTrust,
  encodeDocument,
  encodeTrust,
  followRoots,
  readRoot,
  rootOf,
  type SignedDocument,
  type Trust,
  trustIn,
  withSignature,
} from '#shared/bundle/index.ts';
import { VedetteError } from '#shared/errors.ts';
import type { BundleStore, NewAuditEntry } from '../store/contract.ts';
import type { RootStatus } from './contract.ts';
import { firstRoot, isGiven, type OnlineKeys } from './online-keys.ts';

export interface TrustedRootsDeps {
  readonly store: BundleStore;
  readonly keys: OnlineKeys;
  /** Microseconds. */
  readonly now: () => number;
}

/** The roots a collector has trusted, one after another, and what it has seen under them. */
export class TrustedRoots {
  readonly #d: TrustedRootsDeps;

  constructor(deps: TrustedRootsDeps) {
    this.#d = deps;
  }

  /** Makes the first root where there is none. */
  async open(): Promise<void> {
    const { store, keys, now } = this.#d;
    if ((await store.trust()) !== undefined) return;
    const root = firstRoot(keys, now());
    const entry = this.#entry('collector', 'root.make', 1);
    await store.addRoot(1, encodeDocument(root), encodeTrust(trustIn(root)), entry);
  }

  async trust(): Promise<Trust> {
    const trust = await this.#d.store.trust();
    if (trust === undefined) throw new VedetteError('data.corrupt', 'What is trusted for bundles is gone.');
    return decodeTrust(trust);
  }

  async status(): Promise<RootStatus> {
    const trust = await this.trust();
    const root = rootOf(trust);
    const roles = ['root', 'signing', 'expiry'] as const;
    const online = roles.filter((role) => isGiven(root, role, this.#d.keys));
    return { root, online, document: encodeDocument(trust.root) };
  }

  /** Takes up the next root, signed over by the collector where its key counts in the one before. */
  async add(document: Uint8Array, by: string): Promise<void> {
    const given = decodeDocument(document, 'the root');
    readRoot(given.signed);
    const trust = await this.trust();
    const isOurs = isGiven(rootOf(trust), 'root', this.#d.keys);
    await this.#take(isOurs ? withSignature(given, 'root', this.#d.keys.root) : given, trust, by);
  }

  /** Takes up the roots a bundle brings that come after ours. Throws `bundle.root_unknown` for others than ours. */
  async follow({ roots }: Bundle, by: string): Promise<void> {
    const ours = new Set((await this.#all()).map(({ signed }) => signed));
    for (const document of roots) {
      const trust = await this.trust();
      const { version } = readRoot(document.signed);
      if (version > rootOf(trust).version) await this.#take(document, trust, by);
      else if (!ours.has(document.signed))
        throw new VedetteError(
          'bundle.root_unknown',
          `Its root ${version} is not the one that is trusted here.`,
        );
    }
  }

  /** The bundle with our roots, so that whoever trusts an older one can follow. */
  async under(bundle: Bundle): Promise<Bundle> {
    return { ...bundle, roots: (await this.#all()).slice(-bundleBounds.roots) };
  }

  async #all(): Promise<readonly SignedDocument[]> {
    const documents = await this.#d.store.roots();
    return documents.map((document) => decodeDocument(document, 'a root'));
  }

  async #take(document: SignedDocument, trust: Trust, by: string): Promise<void> {
    const { store, now } = this.#d;
    const { version } = readRoot(document.signed);
    if (version <= rootOf(trust).version)
      throw new VedetteError('bundle.root_older', `Root ${rootOf(trust).version} is trusted already.`);
    const followed = encodeTrust(followRoots(trust, [document], now()));
    await store.addRoot(version, encodeDocument(document), followed, this.#entry(by, 'root.add', version));
  }

  #entry(actor: string, action: string, version: number): NewAuditEntry {
    return { at: this.#d.now(), actor, action, target: `root ${version}`, detail: {} };
  }
}
