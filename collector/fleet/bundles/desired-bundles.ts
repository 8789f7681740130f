import type { OfferedBundle } from '../../bundles/contract.ts';

/**
 * Which bundle each host is to run: its own where it was given one, as in a stage of a rollout, else the one that is in
 * force for all.
 */
export class DesiredBundles {
  readonly #own = new Map<string, OfferedBundle>();
  #forAll: OfferedBundle | undefined;
  /** The root to trust, for hosts that trust none yet. */
  #root: Uint8Array | undefined;
  #changed: () => void = () => undefined;

  /** Whom to tell of every change. */
  onChange(changed: () => void): void {
    this.#changed = changed;
  }

  of(hostId: string): OfferedBundle | undefined {
    return this.#own.get(hostId) ?? this.#forAll;
  }

  get root(): Uint8Array | undefined {
    return this.#root;
  }

  setRoot(root: Uint8Array | undefined): void {
    this.#root = root;
    this.#changed();
  }

  setForAll(bundle: OfferedBundle | undefined): void {
    this.#forAll = bundle;
    this.#changed();
  }

  /** The same, and no host has one of its own any more. */
  setForEveryone(bundle: OfferedBundle): void {
    this.#own.clear();
    this.setForAll(bundle);
  }

  /** Undefined puts the hosts back on what is in force for all. */
  setFor(hostIds: readonly string[], bundle: OfferedBundle | undefined): void {
    for (const id of hostIds) {
      if (bundle === undefined) this.#own.delete(id);
      else this.#own.set(id, bundle);
    }
    this.#changed();
  }
}
