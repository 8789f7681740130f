/** Values encrypted by AES-256-GCM, each saying under which key. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { VedetteError } from '#shared/errors.ts';
import type { Key, KeyRing } from './key-ring.ts';

/** Nothing that is stored in the clear begins like this: batches with zstd's magic, texts never with a control character. */
const magic = Buffer.from('\u0001VE1');
const idBytes = 4;
/** What sealed bytes begin with; the key's id follows. */
export const sealedHead = { magic, idBytes } as const;
const nonceBytes = 12;
const tagBytes = 16;
const headBytes = magic.length + idBytes + nonceBytes;
/** Sealed texts: this, the key's id, and the rest of the value in base64. */
const textMark = '\u0001VE1:';

/** The bytes, or what they are under `key`: magic, the key's id, nonce, ciphertext, tag. `place` binds them to where they are. */
export function seal(bytes: Uint8Array, key: Key | undefined, place: string): Uint8Array {
  if (key === undefined) return bytes;
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key.bytes, nonce).setAAD(Buffer.from(place));
  const body = cipher.update(bytes);
  return Buffer.concat([magic, Buffer.from(key.id, 'hex'), nonce, body, cipher.final(), cipher.getAuthTag()]);
}

/** Under which key the bytes are; undefined when they are in the clear. */
export function sealedUnder(bytes: Uint8Array): string | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, headBytes));
  if (head.length < headBytes || !head.subarray(0, magic.length).equals(magic)) return undefined;
  return head.toString('hex', magic.length, magic.length + idBytes);
}

/** The bytes as they were before `seal`. Throws `encryption.key_missing`, or `data.corrupt` when they are not what was sealed there. */
export function unseal(bytes: Buffer, ring: KeyRing, place: string): Buffer {
  const id = sealedUnder(bytes);
  if (id === undefined) return bytes;
  const nonce = bytes.subarray(headBytes - nonceBytes, headBytes);
  const opened = createDecipheriv('aes-256-gcm', ring.byId(id).bytes, nonce).setAAD(Buffer.from(place));
  try {
    opened.setAuthTag(bytes.subarray(Math.max(headBytes, bytes.length - tagBytes)));
    const body = opened.update(bytes.subarray(headBytes, bytes.length - tagBytes));
    return Buffer.concat([body, opened.final()]);
  } catch (error) {
    throw new VedetteError('data.corrupt', `What is stored of ${place} is not what was encrypted there.`, {
      cause: error,
    });
  }
}

export function sealText(text: string, key: Key | undefined, place: string): string {
  if (key === undefined) return text;
  const sealed = Buffer.from(seal(Buffer.from(text), key, place));
  return `${textMark}${key.id}:${sealed.toString('base64')}`;
}

/** Under which key the text is; undefined when it is in the clear. */
export function textKey(text: string): string | undefined {
  return text.startsWith(textMark)
    ? text.slice(textMark.length, text.indexOf(':', textMark.length))
    : undefined;
}

export function unsealText(text: string, ring: KeyRing, place: string): string {
  if (!text.startsWith(textMark)) return text;
  const encoded = text.slice(text.indexOf(':', textMark.length) + 1);
  return unseal(Buffer.from(encoded, 'base64'), ring, place).toString();
}
