/**
 * The bytes of a bundle: eight bytes that say what it is, the length of the head (32 bits, big end first), the head as
 * canonical JSON, and the files one after another in the order of the manifest. Nothing in it depends on who made it
 * when, or from which disk.
 */
import { VedetteError } from '#shared/errors.ts';
import { bundleBounds } from './bounds.ts';
import { canonicalText, malformed, readCanonical } from './canonical.ts';
import { documentJson, readDocument, type SignedDocument } from './document.ts';
import { listOf } from './members.ts';

const magic = Buffer.from('VDTBNDL\x01', 'latin1');
const prefixBytes = magic.length + 4;
export const maxBundleBytes = prefixBytes + bundleBounds.headBytes + bundleBounds.contentBytes;

export interface Bundle {
  /** One after another, the newest last. */
  readonly roots: readonly SignedDocument[];
  readonly manifest: SignedDocument;
  readonly statement: SignedDocument | null;
  /** The files, one after another. */
  readonly content: Uint8Array;
}

/** Throws `bundle.too_large`. */
export function encodeBundle({ roots, manifest, statement, content }: Bundle): Uint8Array {
  const parts = {
    roots: roots.map(documentJson),
    manifest: documentJson(manifest),
    statement: statement === null ? null : documentJson(statement),
  };
  const head = Buffer.from(canonicalText(parts));
  demandSize(head.length, content.length);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(head.length);
  return Buffer.concat([magic, length, head, content]);
}

/** Looks at the form only. Throws `bundle.truncated`, `bundle.malformed`, `bundle.too_large`. */
export function decodeBundle(bytes: Uint8Array): Bundle {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = Math.min(magic.length, data.length);
  if (!data.subarray(0, start).equals(magic.subarray(0, start))) throw malformed('It is not a bundle.');
  if (data.length < prefixBytes) throw truncated();
  const headBytes = data.readUInt32BE(magic.length);
  const contentAt = prefixBytes + headBytes;
  demandSize(headBytes, Math.max(0, data.length - contentAt));
  if (data.length < contentAt) throw truncated();
  const head = readCanonical(utf8(data.subarray(prefixBytes, contentAt)), 'The head');
  const { manifest, statement } = head;
  return {
    roots: listOf(head, 'roots', bundleBounds.roots).map((one) => readDocument(one, 'a root')),
    manifest: readDocument(manifest, 'the manifest'),
    statement: statement === null ? null : readDocument(statement, 'the statement'),
    content: data.subarray(contentAt),
  };
}

export function truncated(): VedetteError {
  return new VedetteError('bundle.truncated', 'The bundle ends before its end.');
}

function demandSize(headBytes: number, contentBytes: number): void {
  if (headBytes > bundleBounds.headBytes || contentBytes > bundleBounds.contentBytes)
    throw new VedetteError(
      'bundle.too_large',
      `Its head has ${headBytes} bytes and its files ${contentBytes}, of at most ${bundleBounds.headBytes} and ${bundleBounds.contentBytes}.`,
    );
}

function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw malformed('The head is not UTF-8.');
  }
}
