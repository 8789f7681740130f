/**
 * Private keys in files that only their owner may read: locked with a passphrase, or plain where someone said so.
 * Locked means AES-256-GCM under a key that scrypt (RFC 7914) makes of the passphrase; 128 MiB and about half a second
 * for each guess.
 */
import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  type KeyObject,
  randomBytes,
  scryptSync,
} from 'node:crypto';
import { closeSync, fchmodSync, fstatSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { keyIdOf, publicKeyOf } from '#shared/bundle/index.ts';
import { VedetteError } from '#shared/errors.ts';

const scrypt = { N: 2 ** 17, r: 8, p: 1 } as const;
const scryptMemoryBytes = 256 * 1024 ** 2;
const maxFileBytes = 16 * 1024;

interface LockedKey {
  readonly salt: string;
  readonly nonce: string;
  readonly tag: string;
  readonly data: string;
}

/** What stands in a file; binary values in hex. */
interface KeyFile {
  readonly type: 'vedette private key';
  readonly name: string;
  readonly publicKey: string;
  readonly locked?: LockedKey;
  /** The seed of RFC 8032. */
  readonly plain?: string;
}

/** The half that may be known, as a file of its own holds it. */
export interface PublicKeyFile {
  readonly type: 'vedette public key';
  readonly name: string;
  readonly publicKey: string;
  readonly keyId: string;
}

function seedOf(key: KeyObject): Buffer {
  return Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url');
}

function keyOf(seed: Buffer, publicKey: string): KeyObject {
  const x = Buffer.from(publicKey, 'hex').toString('base64url');
  const key = { kty: 'OKP', crv: 'Ed25519', d: seed.toString('base64url'), x };
  return createPrivateKey({ key, format: 'jwk' });
}

function lockOf(passphrase: string, salt: Buffer): Buffer {
  return scryptSync(passphrase.normalize('NFKC'), salt, 32, { ...scrypt, maxmem: scryptMemoryBytes });
}

function lock(seed: Buffer, passphrase: string, publicKey: string): LockedKey {
  const [salt, nonce] = [randomBytes(16), randomBytes(12)];
  const cipher = createCipheriv('aes-256-gcm', lockOf(passphrase, salt), nonce);
  cipher.setAAD(Buffer.from(publicKey));
  const data = Buffer.concat([cipher.update(seed), cipher.final()]).toString('hex');
  const hex = (bytes: Buffer) => bytes.toString('hex');
  return { salt: hex(salt), nonce: hex(nonce), tag: hex(cipher.getAuthTag()), data };
}

function unlock({ salt, nonce, tag, data }: LockedKey, passphrase: string, publicKey: string): Buffer {
  const bytes = (hex: string) => Buffer.from(hex, 'hex');
  try {
    const key = lockOf(passphrase, bytes(salt));
    const decipher = createDecipheriv('aes-256-gcm', key, bytes(nonce), { authTagLength: 16 });
    decipher.setAAD(Buffer.from(publicKey)).setAuthTag(bytes(tag));
    return Buffer.concat([decipher.update(bytes(data)), decipher.final()]);
  } catch (error) {
    throw new VedetteError('key.locked', 'The passphrase does not open the key.', { cause: error });
  }
}

/** Writes a private key into a new file. Throws `key.exists`, `data.unreadable`; null leaves it plain. */
export function writeKeyFile(path: string, key: KeyObject, name: string, passphrase: string | null): void {
  const publicKey = publicKeyOf(key);
  const seed = seedOf(key);
  const secret =
    passphrase === null ? { plain: seed.toString('hex') } : { locked: lock(seed, passphrase, publicKey) };
  const file: KeyFile = { type: 'vedette private key', name, publicKey, ...secret };
  try {
    const fd = openSync(path, 'wx', 0o600);
    try {
      fchmodSync(fd, 0o600);
      writeSync(fd, `${JSON.stringify(file, null, 2)}\n`);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    const exists = (error as NodeJS.ErrnoException).code === 'EEXIST';
    const detail = exists ? `${path} is there already.` : `${path}: ${(error as Error).message}.`;
    throw new VedetteError(exists ? 'key.exists' : 'data.unreadable', detail, { cause: error });
  }
}

/** The text of a key file. Throws `key.exposed` where others may read it, `data.unreadable`. */
function textOf(path: string): string {
  try {
    const fd = openSync(path, 'r');
    try {
      const { mode, size } = fstatSync(fd);
      if (process.platform !== 'win32' && (mode & 0o077) !== 0)
        throw new VedetteError('key.exposed', `${path} has the mode ${(mode & 0o777).toString(8)}.`);
      if (size > maxFileBytes) throw new VedetteError('key.unreadable', `${path} is no key file.`);
      return readFileSync(fd, 'utf8');
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (error instanceof VedetteError) throw error;
    throw new VedetteError('data.unreadable', `${path}: ${(error as Error).message}.`, { cause: error });
  }
}

/**
 * The private key of a file; `passphrase` is asked only where it is locked. Throws `key.locked`, `key.exposed`,
 * `key.unreadable`, `data.unreadable`.
 */
export async function readKeyFile(
  path: string,
  passphrase: () => string | Promise<string>,
): Promise<{ readonly key: KeyObject; readonly name: string; readonly keyId: string }> {
  const file = parsed(textOf(path), path);
  const { locked, plain, publicKey } = file;
  const seed =
    locked === undefined ? Buffer.from(plain ?? '', 'hex') : unlock(locked, await passphrase(), publicKey);
  try {
    const key = keyOf(seed, publicKey);
    // The private half decides; a file whose halves do not belong together signs under a name that is not its own.
    if (publicKeyOf(createPrivateKey(key.export({ format: 'pem', type: 'pkcs8' }))) === publicKey)
      return { key, name: file.name, keyId: keyIdOf(publicKey) };
  } catch {}
  throw new VedetteError('key.unreadable', `${path} is no key file, or was changed.`);
}

function parsed(text: string, path: string): KeyFile {
  try {
    const file = JSON.parse(text) as KeyFile;
    if (file.type === 'vedette private key' && /^[0-9a-f]{64}$/.test(file.publicKey)) return file;
  } catch {}
  throw new VedetteError('key.unreadable', `${path} is no key file.`);
}

export function publicKeyFileOf(key: KeyObject, name: string): PublicKeyFile {
  const publicKey = publicKeyOf(key);
  return { type: 'vedette public key', name, publicKey, keyId: keyIdOf(publicKey) };
}

/** Throws `key.unreadable`, `data.unreadable`. */
export function readPublicKeyFile(path: string): PublicKeyFile {
  try {
    const file = JSON.parse(readFileSync(path, 'utf8')) as PublicKeyFile;
    if (file.type === 'vedette public key' && keyIdOf(file.publicKey) === file.keyId) return file;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall !== undefined)
      throw new VedetteError('data.unreadable', `${path}: ${(error as Error).message}.`, { cause: error });
  }
  throw new VedetteError('key.unreadable', `${path} is no file of a public key.`);
}
