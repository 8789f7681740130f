/** Signing in with a name and a password, and with a second factor where there is one. */
import { VedetteError } from '#shared/errors.ts';
import type { Account, AccountStore, AuditDetail, AuditStore } from '../store/contract.ts';
import type { Auth, Client, NewSession } from './auth.ts';
import type { PasswordHasher } from './password-hasher.ts';
import { takeCode } from './second-factor.ts';
import type { Attempt, SignInThrottle } from './sign-in-throttle.ts';
import { Throttled } from './throttled.ts';

export interface SignInOptions {
  readonly store: AccountStore;
  readonly audit: AuditStore;
  readonly auth: Auth;
  readonly hasher: PasswordHasher;
  readonly throttle: SignInThrottle;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface Knock {
  readonly client: Client;
  /** Secret of the cookie of a browser that signed in before. */
  readonly device: string | undefined;
}

export interface PasswordKnock extends Knock {
  readonly user: string;
  readonly password: string;
  readonly code: string | undefined;
}

export interface SignedIn extends NewSession {
  /** For the browser to keep; undefined where it has one. */
  readonly device: { readonly secret: string; readonly expiresAt: number } | undefined;
}

const refusal = () => new VedetteError('api.sign_in_refused', 'The name, password or code is not right.');

export class SignIn {
  readonly #o: SignInOptions;

  constructor(options: SignInOptions) {
    this.#o = options;
  }

  /**
   * Rejects with `api.sign_in_refused`, the same and after the same time whatever is wrong; with
   * `api.second_factor_needed` when the password is right and a code is asked for; with `Throttled`.
   */
  async withPassword(knock: PasswordKnock): Promise<SignedIn> {
    const { store, hasher, throttle, auth } = this.#o;
    const account = await store.byName(knock.user);
    const attempt = await this.#attempt(knock.user, account, knock);
    await this.#begin(attempt, account, knock);
    const isRight = await this.#orTakenBack(attempt, () =>
      hasher.verify(account?.passwordHash ?? null, knock.password),
    );
    if (account === undefined || !isRight || account.isDisabled) {
      await this.#refused(account, knock, { factor: 'password' });
      throw refusal();
    }
    if (account.secondFactor?.confirmedAt != null) {
      if (knock.code === undefined) {
        throttle.takeBack(attempt);
        throw new VedetteError('api.second_factor_needed', 'The code of the second factor is needed.');
      }
      if (!(await takeCode(store, account, knock.code, this.#o.now()))) {
        await this.#refused(account, knock, { factor: 'code' });
        throw refusal();
      }
    }
    throttle.succeeded(attempt);
    await this.#keepStrong(account, knock.password);
    const session = await auth.beginSession(account, 'password', knock.client);
    const device = attempt.device === undefined ? await auth.issueDevice(account.id) : undefined;
    return { ...session, device };
  }

  /** Rejects with `api.sign_in_refused` or `Throttled`. */
  async withLink(secret: string, knock: Knock): Promise<SignedIn> {
    const { throttle, auth } = this.#o;
    const attempt = { user: undefined, address: knock.client.address ?? '', device: undefined };
    await this.#begin(attempt, undefined, knock);
    const session = await auth.exchange(secret, knock.client);
    if (session === undefined) {
      await this.#refused(undefined, knock, { factor: 'link' });
      throw new VedetteError('api.sign_in_refused', 'This sign-in link does not work.');
    }
    throttle.takeBack(attempt);
    const accountId = session.credential.accountId as string;
    const known = await auth.device(knock.device);
    const device = known?.accountId === accountId ? undefined : await auth.issueDevice(accountId);
    return { ...session, device };
  }

  async #attempt(user: string, account: Account | undefined, { client, device }: Knock): Promise<Attempt> {
    const known = await this.#o.auth.device(device);
    const isOwn = account !== undefined && known?.accountId === account.id;
    return {
      user: user.toLowerCase(),
      address: client.address ?? '',
      device: isOwn ? known.id : undefined,
    };
  }

  async #begin(attempt: Attempt, account: Account | undefined, knock: Knock): Promise<void> {
    try {
      this.#o.throttle.begin(attempt);
    } catch (error) {
      if (error instanceof Throttled && error.isFirst)
        await this.#refused(account, knock, { throttled: true });
      throw error;
    }
  }

  /** What was not looked at, because too many wait, was no guess. */
  async #orTakenBack<T>(attempt: Attempt, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#o.throttle.takeBack(attempt);
      throw error;
    }
  }

  async #keepStrong({ id, passwordHash }: Account, password: string): Promise<void> {
    const { hasher, store } = this.#o;
    if (passwordHash === null || !hasher.isStale(passwordHash)) return;
    await store.rehash(id, passwordHash, await hasher.hash(password));
  }

  /** Names nobody has are not written down: people type passwords into the wrong field. */
  async #refused(account: Account | undefined, { client }: Knock, detail: AuditDetail): Promise<void> {
    await this.#o.audit.append({
      at: this.#o.now() * 1000,
      actor: account?.name ?? 'unknown',
      action: 'session.refuse',
      target: account === undefined ? 'unknown user' : `user ${account.name}`,
      detail: { ...detail, address: client.address ?? '' },
    });
  }
}
