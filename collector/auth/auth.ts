/** What one comes in by: one-time sign-in links, browser sessions, tokens, and devices that are known. */
import { randomUUID } from 'node:crypto';
import { VedetteError } from '#shared/errors.ts';
import type {
  AccessSettings,
  Account,
  ControlStore,
  Credential,
  NewAuditEntry,
  NewCredential,
  Role,
  SignInWay,
} from '../store/contract.ts';
import { type Caller, callerOf, type Permission } from './permissions.ts';
import { hashSecret, newSecret } from './secret.ts';

const minuteUs = 60_000_000;
const hourUs = 60 * minuteUs;
const dayUs = 24 * hourUs;
const signInLinkLifeUs = 10 * minuteUs;
/** NIST SP 800-63B, 2.2.3: an hour without anything being asked ends a session. An open dashboard asks. */
export const sessionIdleUs = hourUs;
/** How often the last use is written down. */
const touchUs = minuteUs;
const deviceLifeUs = 180 * dayUs;
const maxSessionsPerUser = 20;
const maxDevicesPerUser = 20;
export const maxTokensPerUser = 50;
export const maxServiceTokens = 500;
export const longestTokenLifeUs = 366 * dayUs;
/** Of a personal token that is given no end; one of a service lasts until it is revoked. */
export const usualTokenLifeUs = 90 * dayUs;
/** Longer strings are not secrets of ours and are not hashed. */
const maxSecretLength = 256;
/** What scanners for secrets in code and logs know our tokens by. */
export const tokenPrefix = 'vdt_';

export interface SignInLink {
  /** The secret is in the fragment, which browsers do not send: it reaches no log and no referrer. */
  readonly url: string;
  readonly expiresAt: number;
}

export interface NewSession {
  readonly secret: string;
  readonly credential: Caller;
}

export interface NewToken {
  /** Shown this once; only its hash is kept. */
  readonly token: string;
  readonly id: string;
}

/** Whence somebody signs in. */
export interface Client {
  readonly address: string | null;
  readonly userAgent: string | null;
}

export interface TokenOrder {
  readonly label: string;
  /** Null for a service, which has the role of its own. */
  readonly accountId: string | null;
  readonly role: Role;
  readonly scopes: readonly Permission[] | null;
  readonly expiresAt: number | null;
}

export interface Auth {
  /**
   * A link that signs one browser in, once, within 10 minutes, as the user of that name; where there is none, one is
   * made with the role.
   */
  createSignInLink(baseUrl: string, as?: { name?: string; role?: Role }): Promise<SignInLink>;
  /** A token for a service; it does not expire, `revoke` ends it. */
  createToken(name: string, role: Role): Promise<NewToken>;
  /** Rejects with `access.too_many`. */
  issueToken(order: TokenOrder): Promise<NewToken>;
  /** Trades the secret of a sign-in link for a session; undefined when unknown, used or expired. */
  exchange(linkSecret: string, client?: Client): Promise<NewSession | undefined>;
  beginSession(account: Pick<Account, 'id' | 'role'>, via: SignInWay, client: Client): Promise<NewSession>;
  /** Another secret for a session whose holder may do more now; undefined when it is gone. */
  renew(session: Credential): Promise<string | undefined>;
  session(secret: string): Promise<Caller | undefined>;
  token(secret: string): Promise<Caller | undefined>;
  /** The account and id of a browser that signed in before. */
  device(secret: string | undefined): Promise<Credential | undefined>;
  /** The secret of a device of this account, and when it ends. */
  issueDevice(accountId: string): Promise<{ readonly secret: string; readonly expiresAt: number }>;
  list(kind: 'session' | 'token', accountId?: string): Promise<readonly Credential[]>;
  get(id: string): Promise<Credential | undefined>;
  /** Ends a session, token or link at once. */
  revoke(id: string): Promise<void>;
  settings(): Promise<AccessSettings>;
  changeSettings(settings: AccessSettings, entry: NewAuditEntry): Promise<void>;
  /** Calls whenever what somebody comes in by may have ended or changed. Gives the function that ends it. */
  onChange(listener: () => void): () => void;
  /** To be called by whoever changes accounts. */
  changed(): void;
}

export type AuthStores = Pick<ControlStore, 'credentials' | 'accounts' | 'accessSettings'>;

const nowhere: Client = { address: null, userAgent: null };
const maxUserAgent = 256;

/** `now` gives microseconds since the epoch. */
export function createAuth(stores: AuthStores, now = () => Date.now() * 1000): Auth {
  const { credentials, accounts } = stores;
  const listeners = new Set<() => void>();
  let settings: Promise<AccessSettings> | undefined;
  const currentSettings = () => {
    settings ??= stores.accessSettings.get().catch((error: unknown) => {
      settings = undefined;
      throw error;
    });
    return settings;
  };
  const changed = () => {
    for (const listener of listeners) listener();
  };
  const add = async (
    kind: Credential['kind'],
    of: Partial<NewCredential> & Pick<NewCredential, 'role'>,
    secret: string,
    most?: number,
  ): Promise<NewCredential> => {
    const credential: NewCredential = {
      ...{ id: randomUUID(), kind, label: '', createdAt: now(), expiresAt: null, accountId: null },
      ...{ via: null, scopes: null, ...nowhere, ...of },
    };
    await credentials.add(credential, hashSecret(secret), most);
    return credential;
  };
  const find = async (kind: Credential['kind'], secret: string) =>
    secret.length > maxSecretLength ? undefined : await credentials.find(kind, hashSecret(secret), now());
  /** Notes the use and adds what it allows. */
  const used = async (credential: Credential | undefined): Promise<Caller | undefined> => {
    if (credential === undefined) return undefined;
    const at = now();
    const lastAt = credential.lastSeenAt ?? credential.createdAt;
    if (credential.kind === 'session' && at - lastAt > sessionIdleUs) return undefined;
    if (credential.lastSeenAt === null || at - lastAt >= touchUs) await credentials.touch(credential.id, at);
    return callerOf(credential, (await currentSettings()).requireSecondFactor);
  };
  const beginSession: Auth['beginSession'] = async (account, via, client) => {
    const at = now();
    await credentials.removeExpired(at, at - sessionIdleUs);
    const secret = newSecret();
    const { sessionHours } = await currentSettings();
    const { id } = await add(
      'session',
      {
        ...{ accountId: account.id, role: account.role, via },
        ...{ createdAt: at, expiresAt: at + sessionHours * hourUs },
        address: client.address,
        userAgent: client.userAgent?.toWellFormed().slice(0, maxUserAgent) ?? null,
      },
      secret,
      maxSessionsPerUser,
    );
    await accounts.signedIn(account.id, at);
    const credential = await used(await credentials.get(id));
    if (credential === undefined) throw new VedetteError('api.sign_in_refused', 'The user is gone.');
    return { secret, credential };
  };
  const accountFor = async (name: string, role: Role): Promise<Account> => {
    const known = await accounts.byName(name);
    if (known !== undefined) return known;
    const made = { id: randomUUID(), name, displayName: '', role, passwordHash: null, subject: null };
    const entry = { actor: 'collector', action: 'user.add', target: `user ${name}`, detail: { role } };
    await accounts.add({ ...made, createdAt: now() }, Number.MAX_SAFE_INTEGER, { at: now(), ...entry });
    return await accountFor(name, role);
  };
  const issueToken: Auth['issueToken'] = async (order) => {
    const most = order.accountId === null ? maxServiceTokens : maxTokensPerUser;
    const held = (await credentials.list('token', order.accountId ?? undefined, now())).filter(
      ({ accountId }) => accountId === order.accountId,
    );
    if (held.length >= most) throw new VedetteError('access.too_many', `There are ${most} tokens already.`);
    const token = tokenPrefix + newSecret();
    const { id } = await add('token', order, token);
    return { token, id };
  };
  return {
    async createSignInLink(baseUrl, as = {}) {
      const account = await accountFor(as.name ?? 'admin', as.role ?? 'admin');
      const secret = newSecret();
      const expiresAt = now() + signInLinkLifeUs;
      await add('sign-in-link', { accountId: account.id, role: account.role, expiresAt }, secret);
      const url = new URL('/', baseUrl);
      url.hash = `sign-in=${secret}`;
      return { url: url.href, expiresAt };
    },
    createToken: (name, role) =>
      issueToken({ label: name, accountId: null, role, scopes: null, expiresAt: null }),
    issueToken,
    async exchange(linkSecret, client = nowhere) {
      if (linkSecret.length > maxSecretLength) return undefined;
      const link = await credentials.take('sign-in-link', hashSecret(linkSecret), now());
      if (link === undefined || link.accountId === null) return undefined;
      return await beginSession({ id: link.accountId, role: link.role }, 'link', client);
    },
    beginSession,
    async renew({ id, expiresAt }) {
      const secret = newSecret();
      return (await credentials.rotate(id, hashSecret(secret), expiresAt)) ? secret : undefined;
    },
    session: async (secret) => await used(await find('session', secret)),
    token: async (secret) => await used(await find('token', secret)),
    device: async (secret) => (secret === undefined ? undefined : await find('device', secret)),
    async issueDevice(accountId) {
      const secret = newSecret();
      const expiresAt = now() + deviceLifeUs;
      await add('device', { accountId, role: 'viewer', expiresAt }, secret, maxDevicesPerUser);
      return { secret, expiresAt };
    },
    list: async (kind, accountId) => {
      const at = now();
      const found = await credentials.list(kind, accountId, at);
      return kind === 'token'
        ? found
        : found.filter((one) => at - (one.lastSeenAt ?? one.createdAt) <= sessionIdleUs);
    },
    get: (id) => credentials.get(id),
    async revoke(id) {
      await credentials.remove(id);
      changed();
    },
    settings: currentSettings,
    async changeSettings(next, entry) {
      await stores.accessSettings.set(next, entry);
      settings = undefined;
      changed();
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    changed,
  };
}
