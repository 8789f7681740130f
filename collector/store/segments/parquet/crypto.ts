/**
 * Encryption of Parquet files (https://github.com/apache/parquet-format/blob/master/Encryption.md, AES_GCM_V1) as DuckDB
 * reads it: one key for footer and columns, no additional data, every page header and page a module of its own. No
 * reader looks for bloom filters in such files, so they have none.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { VedetteError } from '#shared/errors.ts';
import type { Key } from '../../../encryption/key-ring.ts';
import { thriftType } from './thrift.ts';
import { readStructUntil, type ThriftStruct, writeStruct } from './thrift-tree.ts';

/** What the file begins and ends with, instead of `PAR1`. */
export const sealedMagic = Buffer.from('PARE');

const lengthBytes = 4;
const nonceBytes = 12;
const tagBytes = 16;

/** A module: its length, nonce, ciphertext and tag. */
export function sealModule(bytes: Uint8Array, key: Key): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key.bytes, nonce);
  const body = cipher.update(bytes);
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt32LE(nonceBytes + body.length + tagBytes);
  return Buffer.concat([length, nonce, body, cipher.final(), cipher.getAuthTag()]);
}

/** The module that begins at `at`, and where it ends. Throws `data.corrupt`. */
export function openModule(
  bytes: Buffer,
  at: number,
  key: Key,
): { readonly body: Buffer; readonly end: number } {
  try {
    const end = at + lengthBytes + bytes.readUInt32LE(at);
    if (end > bytes.length) throw new Error('it is cut off');
    const nonceEnd = at + lengthBytes + nonceBytes;
    const opened = createDecipheriv('aes-256-gcm', key.bytes, bytes.subarray(at + lengthBytes, nonceEnd));
    opened.setAuthTag(bytes.subarray(end - tagBytes, end));
    const body = Buffer.concat([opened.update(bytes.subarray(nonceEnd, end - tagBytes)), opened.final()]);
    return { body, end };
  } catch (error) {
    throw new VedetteError(
      'data.corrupt',
      `A part of a segment cannot be decrypted: ${(error as Error).message}.`,
      {
        cause: error,
      },
    );
  }
}

/** Fields of FileCryptoMetaData, and of its union of algorithms. */
const crypto = { algorithm: 1, keyMetadata: 2 } as const;
const aesGcmV1 = 1;

/** The footer of an encrypted file: in the clear how, and under which key; then the footer itself. */
export function sealFooter(footer: Buffer, key: Key): Buffer {
  const algorithm: ThriftStruct = new Map([[aesGcmV1, { type: thriftType.struct, value: new Map() }]]);
  const head: ThriftStruct = new Map([
    [crypto.algorithm, { type: thriftType.struct, value: algorithm }],
    [crypto.keyMetadata, { type: thriftType.binary, value: Buffer.from(key.id) }],
  ]);
  return Buffer.concat([writeStruct(head), sealModule(footer, key)]);
}

/** Which key the footer is under, as `sealFooter` said it; undefined where another engine wrote it. */
function keyIdOf(head: ThriftStruct): string | undefined {
  const named = head.get(crypto.keyMetadata)?.value;
  return Buffer.isBuffer(named) ? named.toString() : undefined;
}

/** Throws `data.corrupt` when it is under another key. */
export function openFooter(
  bytes: Buffer,
  keyFor: (id: string | undefined) => Key,
): { readonly footer: Buffer; readonly key: Key } {
  const { struct, end } = readStructUntil(bytes, 0);
  const key = keyFor(keyIdOf(struct));
  return { footer: openModule(bytes, end, key).body, key };
}
