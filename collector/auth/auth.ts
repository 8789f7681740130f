/** Who may come in: one-time sign-in links, browser sessions and tokens for machines. */
import { randomUUID } from 'node:crypto';
import type { Credential, CredentialStore, Role } from '../store/contract.ts';
import { hashSecret, newSecret } from './secret.ts';

const minuteUs = 60_000_000;
const signInLinkLifeUs = 10 * minuteUs;
const sessionLifeUs = 12 * 60 * minuteUs;
/** Longer strings are not secrets of ours and are not hashed. */
const maxSecretLength = 256;

export interface SignInLink {
  /** The secret is in the fragment, which browsers do not send: it reaches no log and no referrer. */
  readonly url: string;
  readonly expiresAt: number;
}

export interface NewSession {
  readonly secret: string;
  readonly credential: Credential;
}

export interface NewToken {
  /** Shown this once; only its hash is kept. */
  readonly token: string;
  readonly id: string;
}

export interface Auth {
  /** A link that signs one browser in, once, within 10 minutes. `name` and `role` are those of the session. */
  createSignInLink(baseUrl: string, as?: { name?: string; role?: Role }): Promise<SignInLink>;
  /** A token for a machine; it does not expire, `revoke` ends it. */
  createToken(name: string, role: Role): Promise<NewToken>;
  /** Trades the secret of a sign-in link for a session; undefined when unknown, used or expired. */
  exchange(linkSecret: string): Promise<NewSession | undefined>;
  session(secret: string): Promise<Credential | undefined>;
  token(secret: string): Promise<Credential | undefined>;
  /** Ends a session, token or link at once. */
  revoke(id: string): Promise<void>;
}

/** `now` gives microseconds since the epoch. */
export function createAuth(credentials: CredentialStore, now = () => Date.now() * 1000): Auth {
  const issue = async (kind: Credential['kind'], name: string, role: Role, lifeUs: number | null) => {
    const at = now();
    const expiresAt = lifeUs === null ? null : at + lifeUs;
    const credential: Credential = { id: randomUUID(), kind, name, role, createdAt: at, expiresAt };
    const secret = newSecret();
    await credentials.add(credential, hashSecret(secret));
    return { secret, credential };
  };
  const find = async (kind: Credential['kind'], secret: string) =>
    secret.length > maxSecretLength ? undefined : await credentials.find(kind, hashSecret(secret), now());
  return {
    async createSignInLink(baseUrl, as = {}) {
      const { secret } = await issue(
        'sign-in-link',
        as.name ?? 'admin',
        as.role ?? 'admin',
        signInLinkLifeUs,
      );
      const url = new URL('/', baseUrl);
      url.hash = `sign-in=${secret}`;
      return { url: url.href, expiresAt: now() + signInLinkLifeUs };
    },
    async createToken(name, role) {
      const { secret, credential } = await issue('token', name, role, null);
      return { token: secret, id: credential.id };
    },
    async exchange(linkSecret) {
      if (linkSecret.length > maxSecretLength) return undefined;
      const at = now();
      const link = await credentials.take('sign-in-link', hashSecret(linkSecret), at);
      if (link === undefined) return undefined;
      await credentials.removeExpired(at);
      return await issue('session', link.name, link.role, sessionLifeUs);
    },
    session: (secret) => find('session', secret),
    token: (secret) => find('token', secret),
    revoke: (id) => credentials.remove(id),
  };
}
