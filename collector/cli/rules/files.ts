import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import {
  type Bundle,
  decodeBundle,
  decodeDocument,
  encodeBundle,
  encodeDocument,
  maxBundleBytes,
  type SignedDocument,
} from '#shared/bundle/index.ts';
import { VedetteError } from '#shared/errors.ts';

function unreadable(path: string, error: unknown): VedetteError {
  return new VedetteError('data.unreadable', `${path}: ${(error as Error).message}.`, { cause: error });
}

export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** Throws `data.unreadable`, `bundle.too_large`. */
export function readBytes(path: string): Uint8Array {
  try {
    const { size } = statSync(path);
    if (size <= maxBundleBytes) return readFileSync(path);
  } catch (error) {
    throw unreadable(path, error);
  }
  throw new VedetteError('bundle.too_large', `${path} is larger than ${maxBundleBytes} bytes.`);
}

/** Replaces the file whole or not at all. Nothing written here is secret. */
export function writeBytes(path: string, bytes: Uint8Array): void {
  const partial = `${path}.${process.pid}.tmp`;
  try {
    const fd = openSync(partial, 'w', 0o644);
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(partial, path);
  } catch (error) {
    rmSync(partial, { force: true });
    throw unreadable(path, error);
  }
}

export function readBundle(path: string): Bundle {
  return decodeBundle(readBytes(path));
}

export function writeBundle(path: string, bundle: Bundle): void {
  writeBytes(path, encodeBundle(bundle));
}

export function readRootFile(path: string): SignedDocument {
  return decodeDocument(readBytes(path), path);
}

export function writeRootFile(path: string, document: SignedDocument): void {
  writeBytes(path, encodeDocument(document));
}
