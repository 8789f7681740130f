/** A text with signatures under it: a root, a manifest or a statement. */
import type { KeyObject } from 'node:crypto';
import { type ErrorCode, VedetteError } from '#shared/errors.ts';
import { bundleBounds } from './bounds.ts';
import { canonicalText, type Json, type JsonObject, readCanonical } from './canonical.ts';
import {
  isSignatureOf,
  keyIdOf,
  keyIdPattern,
  publicKeyOf,
  type RoleName,
  signaturePattern,
  signText,
} from './key.ts';
import { asObject, growing, listOf, textOf } from './members.ts';
import type { Root } from './root.ts';

export interface Signature {
  readonly keyId: string;
  /** Hex. */
  readonly signature: string;
}

export interface SignedDocument {
  /** Canonical JSON, exactly as it was signed. */
  readonly signed: string;
  /** By key id, each key once. */
  readonly signatures: readonly Signature[];
}

export function unsigned(content: JsonObject): SignedDocument {
  return { signed: canonicalText(content), signatures: [] };
}

/** The document with one more signature; that of the same key is replaced. */
export function withSignature(document: SignedDocument, role: RoleName, key: KeyObject): SignedDocument {
  const keyId = keyIdOf(publicKeyOf(key));
  const mine = { keyId, signature: signText(role, document.signed, key) };
  const others = document.signatures.filter((one) => one.keyId !== keyId);
  const signatures = [...others, mine].sort((a, b) => (a.keyId < b.keyId ? -1 : 1));
  return { signed: document.signed, signatures };
}

export function documentJson({ signed, signatures }: SignedDocument): JsonObject {
  return { signed, signatures: signatures.map(({ keyId, signature }) => ({ keyId, signature })) };
}

/** Throws `bundle.malformed`; a key that signed twice, too. */
export function readDocument(value: Json | undefined, what: string): SignedDocument {
  const from = asObject(value, what);
  const signatures = listOf(from, 'signatures', bundleBounds.signatures).map((item) => {
    const one = asObject(item, 'a signature');
    return {
      keyId: textOf(one, 'keyId', keyIdPattern),
      signature: textOf(one, 'signature', signaturePattern),
    };
  });
  const ids = signatures.map(({ keyId }) => keyId);
  growing(ids, `Signatures of ${what}`);
  return { signed: textOf(from, 'signed'), signatures };
}

/** A document as a file of its own. */
export function encodeDocument(document: SignedDocument): Uint8Array {
  return Buffer.from(`${canonicalText(documentJson(document))}\n`);
}

/** Throws `bundle.malformed`. */
export function decodeDocument(bytes: Uint8Array, what: string): SignedDocument {
  const text = Buffer.from(bytes).toString('utf8');
  return readDocument(readCanonical(text.endsWith('\n') ? text.slice(0, -1) : text, what), what);
}

/** Keys of the role that have signed. Throws `bundle.signature` where one of them does not fit the text. */
export function signersOf(document: SignedDocument, role: RoleName, root: Root): readonly string[] {
  const mine = document.signatures.filter(({ keyId }) => root.roles[role].keyIds.includes(keyId));
  for (const { keyId, signature } of mine)
    if (!isSignatureOf(role, document.signed, root.keys[keyId]!.publicKey, signature))
      throw new VedetteError(
        'bundle.signature',
        `The ${role} signature of key ${keyId.slice(0, 12)} is wrong.`,
      );
  return mine.map(({ keyId }) => keyId);
}

/**
 * Throws `code` unless as many keys of the role as its threshold asks have signed. Signatures of keys the root does not
 * give the role count for nothing: a key may have been withdrawn since.
 */
export function demandThreshold(
  document: SignedDocument,
  role: RoleName,
  root: Root,
  what: string,
  code: ErrorCode = 'bundle.signature',
): void {
  const has = signersOf(document, role, root).length;
  const { threshold } = root.roles[role];
  if (has >= threshold) return;
  const detail = `${what} has ${has} of the ${threshold} ${role} signatures that root ${root.version} asks.`;
  throw new VedetteError(code, detail);
}
