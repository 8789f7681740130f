/** The manifest: what a bundle is and the hash of every file, signed by the signing role. */
import { VedetteError } from '#shared/errors.ts';
import { bundleBounds } from './bounds.ts';
import { type JsonObject, malformed, readCanonical } from './canonical.ts';
import { demandFormat } from './format.ts';
import { asObject, growing, listOf, textOf, textsOf, wholeOf } from './members.ts';
import { foldedPath, pathProblem } from './path.ts';

export interface BundleFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** What the tests of one file of rules were and gave when the bundle was made; the tests stay outside. */
export interface TestRecord {
  readonly path: string;
  readonly sha256: string;
  readonly hits: number;
  readonly misses: number;
}

export interface Manifest {
  readonly name: string;
  /** From 1; a later bundle has a higher one. */
  readonly version: number;
  /** Microseconds. */
  readonly expiresAt: number;
  /** Least version of agents that may run it, e.g. `0.1.0`. */
  readonly minAgentVersion: string;
  /** In order of their paths. */
  readonly files: readonly BundleFile[];
  /** Files of rules without a test that hits and one that nearly does; signed all the same because someone insisted. */
  readonly untested: readonly string[];
  readonly tests: readonly TestRecord[];
}

export const bundleNamePattern = /^[a-z0-9][a-z0-9._-]{0,63}$/;
export const agentVersionPattern = /^\d{1,6}\.\d{1,6}\.\d{1,6}$/;
const hash = /^[0-9a-f]{64}$/;

export function manifestJson(manifest: Manifest): JsonObject {
  const { name, version, expiresAt, minAgentVersion, files, untested, tests } = manifest;
  return {
    ...{ type: 'bundle', format: 1, name, version, expiresAt, minAgentVersion, untested: [...untested] },
    files: files.map(({ path, sizeBytes, sha256 }) => ({ path, sizeBytes, sha256 })),
    tests: tests.map(({ path, sha256, hits, misses }) => ({ path, sha256, hits, misses })),
  };
}

/** Throws `bundle.malformed`, `bundle.format_newer`, `bundle.path`, `bundle.too_large`. */
export function readManifest(text: string): Manifest {
  const from = readCanonical(text, 'The manifest');
  demandFormat(from, 'bundle');
  const files = listOf(from, 'files', bundleBounds.files).map((item) => readFile(asObject(item, 'a file')));
  demandPaths(files.map(({ path }) => path));
  const untested = textsOf(from, 'untested', bundleBounds.files);
  growing(untested, 'Untested files');
  if (files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) > bundleBounds.contentBytes)
    throw new VedetteError(
      'bundle.too_large',
      `Its files come to more than ${bundleBounds.contentBytes} bytes.`,
    );
  return {
    name: textOf(from, 'name', bundleNamePattern),
    version: wholeOf(from, 'version', 1),
    expiresAt: wholeOf(from, 'expiresAt', 0),
    minAgentVersion: textOf(from, 'minAgentVersion', agentVersionPattern),
    ...{ files, untested },
    tests: listOf(from, 'tests', bundleBounds.files).map((item) => readTest(asObject(item, 'a test'))),
  };
}

function readFile(from: JsonObject): BundleFile {
  const sizeBytes = wholeOf(from, 'sizeBytes', 0);
  const path = textOf(from, 'path');
  if (sizeBytes > bundleBounds.fileBytes)
    throw new VedetteError(
      'bundle.too_large',
      `${JSON.stringify(path)} is larger than ${bundleBounds.fileBytes} bytes.`,
    );
  return { path, sizeBytes, sha256: textOf(from, 'sha256', hash) };
}

function readTest(from: JsonObject): TestRecord {
  const sha256 = textOf(from, 'sha256', hash);
  return {
    path: textOf(from, 'path'),
    sha256,
    hits: wholeOf(from, 'hits', 0),
    misses: wholeOf(from, 'misses', 0),
  };
}

/** Throws `bundle.path` for a path that may not be, `bundle.malformed` where they are out of order or repeated. */
export function demandPaths(paths: readonly string[]): void {
  for (const path of paths) {
    const problem = pathProblem(path);
    if (problem !== undefined) throw new VedetteError('bundle.path', `${JSON.stringify(path)}: ${problem}`);
  }
  growing(paths, 'Files');
  const folded = new Set(paths.map(foldedPath));
  if (folded.size < paths.length)
    throw new VedetteError('bundle.path', 'Two paths differ only in the case of letters.');
  const folders = paths.flatMap((path) => foldersOf(foldedPath(path)));
  const both = folders.find((folder) => folded.has(folder));
  if (both !== undefined) throw malformed(`${both} is a file and a folder.`);
}

function foldersOf(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join('/'));
}
