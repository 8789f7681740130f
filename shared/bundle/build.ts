import { VedetteError } from '#shared/errors.ts';
import { bundleBounds } from './bounds.ts';
import type { Bundle } from './container.ts';
import { type SignedDocument, unsigned } from './document.ts';
import { sha256 } from './key.ts';
import { type Manifest, manifestJson, readManifest } from './manifest.ts';

export type BundleFacts = Omit<Manifest, 'files'>;

/**
 * A bundle of files by path, not signed yet. The same files and facts give the same bytes, whatever the order of the
 * map. Throws `bundle.path`, `bundle.too_large`, `bundle.malformed`.
 */
export function buildBundle(
  files: ReadonlyMap<string, Uint8Array>,
  facts: BundleFacts,
  roots: readonly SignedDocument[] = [],
): Bundle {
  if (files.size > bundleBounds.files)
    throw new VedetteError('bundle.too_large', `It has more than ${bundleBounds.files} files.`);
  const paths = [...files.keys()].sort();
  const contents = paths.map((path) => files.get(path)!);
  const entries = contents.map((data, i) => ({
    ...{ path: paths[i]!, sizeBytes: data.length, sha256: sha256(data) },
  }));
  const sorted = {
    untested: [...facts.untested].sort(),
    tests: [...facts.tests].sort((a, b) => (a.path < b.path ? -1 : 1)),
  };
  const manifest = unsigned(manifestJson({ ...facts, ...sorted, files: entries }));
  readManifest(manifest.signed);
  return { roots, manifest, statement: null, content: Buffer.concat(contents) };
}

/** SHA-256 of the manifest, hex: stands for the bundle, since the manifest has the hash of every file. */
export function digestOf({ manifest }: Pick<Bundle, 'manifest'>): string {
  return sha256(manifest.signed);
}
