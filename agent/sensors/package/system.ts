import type { PackageFacts } from './inventory.ts';

/** One package system of a host. */
export interface PackageSystem {
  readonly type: string;
  /** A text that changes with the database; undefined when there is none. */
  version(): string | undefined;
  /** Everything installed; undefined when the database cannot be read. */
  read(): Promise<PackageFacts[] | undefined>;
  /** Existing folders in which something changes when the database does. */
  folders(): readonly string[];
}
