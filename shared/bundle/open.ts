import { VedetteError } from '#shared/errors.ts';
import { digestOf } from './build.ts';
import { malformed } from './canonical.ts';
import { type Bundle, decodeBundle, truncated } from './container.ts';
import { demandThreshold } from './document.ts';
import { sha256 } from './key.ts';
import { type Manifest, readManifest } from './manifest.ts';
import { followRoots, iso } from './roots.ts';
import { readStatement, type Statement } from './statement.ts';
import { rootOf, type Trust } from './trust.ts';

export interface OpenedBundle {
  readonly name: string;
  readonly version: number;
  /** Microseconds. */
  readonly expiresAt: number;
  readonly minAgentVersion: string;
  /** SHA-256 of the manifest, hex, which has the hash of every file. */
  readonly digest: string;
  /** Files of rules that were signed without tests. */
  readonly untested: readonly string[];
  /** By path, such as `rules/x.yml`; views into the bytes of the bundle. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** What to keep once the bundle is taken. */
  readonly trust: Trust;
}

/**
 * Opens a bundle that someone offers. It comes back only if its roots lead from the one that is trusted, enough keys
 * signed its manifest and its statement, both are in force at `now` (microseconds), every file is as it was signed, and
 * neither bundle nor statement is older than one taken before, unless the statement is a decision to go back.
 * Keeping `trust` is left to the caller, after it has taken the bundle. Throws `bundle.*`.
 */
export function openBundle(bytes: Uint8Array, trust: Trust, now: number): OpenedBundle {
  const bundle = decodeBundle(bytes);
  const { manifest, digest, files, trust: followed } = verifyContent(bundle, trust, now);
  if (bundle.statement === null)
    throw new VedetteError('bundle.statement_missing', 'No statement says that it is the one to run.');
  demandThreshold(bundle.statement, 'expiry', rootOf(followed), 'The statement');
  const statement = readStatement(bundle.statement.signed);
  demandStatement(statement, manifest, digest, now);
  const statementDigest = sha256(bundle.statement.signed);
  demandNewer(followed, statement, statementDigest);
  const seen = {
    ...{ bundleVersion: manifest.version, bundleDigest: digest },
    ...{ statementVersion: statement.version, statementDigest },
  };
  return openedOf(manifest, digest, files, { ...followed, ...seen });
}

export interface VerifiedContent {
  readonly manifest: Manifest;
  readonly digest: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** With the newest root of the bundle. */
  readonly trust: Trust;
}

/** All of `openBundle` but the statement: that it is ours and whole, not that it is the one to run. Throws `bundle.*`. */
export function verifyContent(bundle: Bundle, trust: Trust, now: number): VerifiedContent {
  const followed = followRoots(trust, bundle.roots, now);
  demandThreshold(bundle.manifest, 'signing', rootOf(followed), 'The manifest');
  const content = readContent(bundle);
  const { version, expiresAt } = content.manifest;
  if (expiresAt <= now)
    throw new VedetteError('bundle.expired', `Bundle ${version} ended ${iso(expiresAt)}.`);
  return { ...content, trust: followed };
}

/** What a bundle holds, whoever made it. Throws `bundle.*` where it is not whole. */
export function readContent(bundle: Bundle): Omit<VerifiedContent, 'trust'> {
  const manifest = readManifest(bundle.manifest.signed);
  return { manifest, digest: digestOf(bundle), files: filesOf(manifest, bundle) };
}

/**
 * Opens the bundle that was taken last and kept since, whatever time it is. Throws `bundle.mixed` when it is another
 * one, `bundle.truncated`, `bundle.file_changed`, `bundle.malformed`.
 */
export function openKeptBundle(bytes: Uint8Array, trust: Trust): OpenedBundle {
  const bundle = decodeBundle(bytes);
  if (digestOf(bundle) !== trust.bundleDigest)
    throw new VedetteError('bundle.mixed', 'The bundle that was kept is not the one that was taken.');
  const { manifest, digest, files } = readContent(bundle);
  return openedOf(manifest, digest, files, trust);
}

/** Throws `bundle.agent_older`. Both are `MAJOR.MINOR.PATCH`. */
export function demandAgentVersion({ minAgentVersion }: OpenedBundle, agentVersion: string): void {
  const numbers = (version: string) => version.split(/[.+-]/, 3).map(Number);
  const least = numbers(minAgentVersion);
  const mine = numbers(agentVersion);
  const at = least.findIndex((part, i) => part !== mine[i]);
  if (at < 0 || mine[at]! > least[at]!) return;
  const detail = `It asks for an agent of ${minAgentVersion}; this one is ${agentVersion}.`;
  throw new VedetteError('bundle.agent_older', detail);
}

function demandStatement(statement: Statement, manifest: Manifest, digest: string, now: number): void {
  if (statement.digest !== digest || statement.bundleVersion !== manifest.version)
    throw new VedetteError(
      'bundle.mixed',
      `The statement is about bundle ${statement.bundleVersion}, not this one.`,
    );
  if (statement.expiresAt <= now)
    throw new VedetteError(
      'bundle.statement_expired',
      `That bundle ${manifest.version} is the one to run was said until ${iso(statement.expiresAt)}.`,
    );
}

function demandNewer(trust: Trust, statement: Statement, statementDigest: string): void {
  const { version, bundleVersion, digest, rollbackFrom } = statement;
  const isSame = version === trust.statementVersion && statementDigest === trust.statementDigest;
  if (version <= trust.statementVersion && !isSame)
    throw new VedetteError(
      'bundle.statement_older',
      `Its statement is ${version}; statement ${trust.statementVersion} was seen before.`,
    );
  if (bundleVersion === trust.bundleVersion && digest !== trust.bundleDigest)
    throw new VedetteError('bundle.version_reused', `There was another bundle ${bundleVersion} before.`);
  if (bundleVersion < trust.bundleVersion && rollbackFrom < trust.bundleVersion)
    throw new VedetteError(
      'bundle.older',
      `It is bundle ${bundleVersion}; bundle ${trust.bundleVersion} was taken before.`,
    );
}

/** The files as views into the content. Throws `bundle.truncated`, `bundle.malformed`, `bundle.file_changed`. */
function filesOf(manifest: Manifest, { content }: Bundle): ReadonlyMap<string, Uint8Array> {
  const files = new Map<string, Uint8Array>();
  let at = 0;
  for (const { path, sizeBytes, sha256: expected } of manifest.files) {
    if (at + sizeBytes > content.length) throw truncated();
    const data = content.subarray(at, at + sizeBytes);
    if (sha256(data) !== expected)
      throw new VedetteError('bundle.file_changed', `${JSON.stringify(path)} is not as it was signed.`);
    files.set(path, data);
    at += sizeBytes;
  }
  if (at < content.length) throw malformed('Bytes follow the last file.');
  return files;
}

function openedOf(
  { name, version, expiresAt, minAgentVersion, untested }: Manifest,
  digest: string,
  files: ReadonlyMap<string, Uint8Array>,
  trust: Trust,
): OpenedBundle {
  return { name, version, expiresAt, minAgentVersion, digest, untested, files, trust };
}
