/** Ed25519 keys (RFC 8032) as bundles name them. */
import { createHash, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { malformed } from './canonical.ts';

/** Who vouches for what, after the roles of The Update Framework: `expiry` is its timestamp and snapshot. */
export const roleNames = ['root', 'signing', 'expiry'] as const;
export type RoleName = (typeof roleNames)[number];

export const publicKeyPattern = /^[0-9a-f]{64}$/;
export const keyIdPattern = /^[0-9a-f]{64}$/;
export const signaturePattern = /^[0-9a-f]{128}$/;

export function sha256(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex');
}

/** SHA-256 over the 32 bytes of the public key, hex. */
export function keyIdOf(publicKey: string): string {
  return sha256(Buffer.from(publicKey, 'hex'));
}

/** Hex of the 32 bytes of the public half. Throws `bundle.malformed` for a key of another kind. */
export function publicKeyOf(key: KeyObject): string {
  if (key.asymmetricKeyType !== 'ed25519') throw malformed('The key is not an Ed25519 key.');
  const half = key.type === 'public' ? key : createPublicKey(key);
  return Buffer.from(half.export({ format: 'jwk' }).x ?? '', 'base64url').toString('hex');
}

export function generateKey(): KeyObject {
  return generateKeyPairSync('ed25519').privateKey;
}

/** What is signed: the role goes before the text, so that no signature serves another role. */
function message(role: RoleName, text: string): Buffer {
  return Buffer.from(`vedette bundle 1 ${role}\n${text}`);
}

/** Hex. */
export function signText(role: RoleName, text: string, key: KeyObject): string {
  return sign(null, message(role, text), key).toString('hex');
}

export function isSignatureOf(role: RoleName, text: string, publicKey: string, signature: string): boolean {
  const x = Buffer.from(publicKey, 'hex').toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return verify(null, message(role, text), key, Buffer.from(signature, 'hex'));
}
