/** What the collector does with bundles, for whoever asks it: API, rollout, agents. */
import type { Root } from '#shared/bundle/index.ts';
import type { ErrorCode } from '#shared/errors.ts';
import type { BundleInForce, BundleSwitch, StoredBundle } from '../store/contract.ts';
import type { FailedTest } from './check.ts';
import type { RuleEdit } from './edits.ts';

export interface RootStatus {
  readonly root: Root;
  /** Roles for which the collector has a key of its own that counts. */
  readonly online: readonly string[];
  /** The signed root, as `vedette rules root` works with it. */
  readonly document: Uint8Array;
}

/** A bundle as hosts are offered it. */
export interface OfferedBundle {
  readonly version: number;
  /** Of its manifest, hex; what a host names when it runs the bundle. */
  readonly digest: string;
  readonly bytes: Uint8Array;
}

export interface BundleList {
  /** Highest version first. */
  readonly bundles: readonly StoredBundle[];
  /** Null while the starter pack and the rules of the data folder are in force. */
  readonly inForce: BundleInForce | null;
  /** Newest first. */
  readonly switches: readonly BundleSwitch[];
  /** The code with which agents that knew no bundle would refuse the one in force; null when they would take it. */
  readonly refusedWith: ErrorCode | null;
}

export interface BuildOrder {
  readonly name: string;
  readonly minAgentVersion: string;
  /** Microseconds. */
  readonly expiresAt: number;
  /** Signs rules without tests, and marks them. */
  readonly isForced: boolean;
  readonly by: string;
}

export interface Built {
  readonly bundle: StoredBundle;
  readonly rules: number;
  readonly failed: readonly FailedTest[];
}

export interface ActivateOrder {
  readonly version: number;
  readonly by: string;
  readonly reason: string;
  /** A decision to go back: without it a bundle older than the one in force is refused. */
  readonly isRollback: boolean;
}

/** All throw `bundle.*`, `rules.*`, `data.*`; those with a version `api.not_found`. Changes are in the audit log. */
export interface BundleService {
  list(): Promise<BundleList>;
  get(version: number): Promise<StoredBundle>;
  /** The bytes as they are kept: with all roots, and the newest statement there is for it. */
  content(version: number): Promise<Uint8Array>;
  /** Keeps a bundle that was signed, here or elsewhere. It is not in force by that. */
  add(bytes: Uint8Array, by: string): Promise<StoredBundle>;
  /** Checks, builds and signs a source with the keys of the collector, and keeps the bundle. */
  build(source: Uint8Array, order: BuildOrder): Promise<Built>;
  /** The same for what is in force with some rules changed or added. Throws `api.conflict` as well. */
  edit(edits: readonly RuleEdit[], order: BuildOrder): Promise<Built>;
  /** Puts a kept bundle in force for central detection. */
  activate(order: ActivateOrder): Promise<BundleInForce>;
  /** A kept bundle as some hosts are to be offered it, before it is in force. */
  stage(version: number, by: string): Promise<OfferedBundle>;
  /** The bundle in force as hosts that run a newer one are to be offered it; undefined while none is in force. */
  callBack(by: string, reason: string): Promise<OfferedBundle | undefined>;
  /** The starter pack as a bundle, for hosts that are to go back where none is in force. */
  buildStarterPack(by: string): Promise<StoredBundle>;
  root(): Promise<RootStatus>;
  /** Takes up the next root; the collector signs it over where its own key counts in the one before. */
  addRoot(document: Uint8Array, by: string): Promise<RootStatus>;
}
