import { createHash, randomBytes } from 'node:crypto';

/** 32 random bytes, base64url: 43 characters. */
export function newSecret(): string {
  return randomBytes(32).toString('base64url');
}

/**
 * SHA-256 hex, what is stored and looked up by. A plain hash is enough: a secret of 256 random bits cannot be
 * guessed, and looking up by hash leaves nothing for timing to tell.
 */
export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
