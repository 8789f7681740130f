export type Checksum = 'md5' | 'sha1' | 'sha256';

/** What a package says one of its regular files should be. Configuration, which users change, is left out. */
export interface OwnedFile {
  /** Absolute, under the root of the host. */
  readonly path: string;
  readonly algorithm: Checksum;
  /** Lower-case hex. */
  readonly digest: string;
  /** Permission bits, where the package keeps them. */
  readonly mode?: number | undefined;
  /** True when it may be missing by the package system's own settings. */
  readonly optional?: boolean | undefined;
}

/** One installed package, whose files are read when they are asked for. */
export interface OwnedPackage {
  readonly type: string;
  readonly name: string;
  readonly version: string | undefined;
  readonly architecture: string | undefined;
  files(): AsyncIterable<OwnedFile> | Iterable<OwnedFile>;
}

/** A package system that knows the sums of its files. Gives nothing where it is not there. */
export type OwnedPackages = () => AsyncIterable<OwnedPackage>;

const lengths: Readonly<Record<number, Checksum>> = { 32: 'md5', 40: 'sha1', 64: 'sha256' };

/** The kind of a hex digest by its length; undefined for what is none. */
export function checksumOf(digest: string): Checksum | undefined {
  return /^[0-9a-f]+$/.test(digest) ? lengths[digest.length] : undefined;
}
