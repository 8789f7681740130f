/** Users: making and changing them, and what they do with their own account. Every change is in the audit log. */
import { randomUUID } from 'node:crypto';
import { VedetteError } from '#shared/errors.ts';
import type {
  Account,
  AccountChange,
  AccountStore,
  AuditDetail,
  AuditStore,
  Credential,
  NewAuditEntry,
  Role,
} from '../store/contract.ts';
import type { Auth } from './auth.ts';
import type { PasswordHasher } from './password-hasher.ts';
import { passwordFault } from './password-rules.ts';
import {
  type NewSecondFactor,
  newRecoveryCodes,
  newSecondFactor,
  recoveryCodeHash,
  stepOf,
  takeCode,
} from './second-factor.ts';
import type { SignInThrottle } from './sign-in-throttle.ts';
import { Throttled } from './throttled.ts';

export const maxUsers = 1000;
/** Also e-mail addresses. ASCII, so that no two look the same. */
export const userNamePattern = '^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$';
/** Characters that leave room for a number behind the name. */
export const userNameRoom = 60;
/** How long after it began a session from a sign-in link may set a password without the one before. */
const freshLinkUs = 10 * 60_000_000;

export interface NewUser {
  readonly name: string;
  readonly displayName: string;
  readonly role: Role;
  readonly password: string | null;
}

/** Who does it, for the audit log. */
export type Actor = Pick<Credential, 'id' | 'name'>;

export interface AccountsOptions {
  readonly store: AccountStore;
  readonly audit: AuditStore;
  readonly auth: Auth;
  readonly hasher: PasswordHasher;
  readonly throttle: SignInThrottle;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export class Accounts {
  readonly #o: AccountsOptions;

  constructor(options: AccountsOptions) {
    this.#o = options;
  }

  list(): Promise<readonly Account[]> {
    return this.#o.store.list();
  }

  /** Rejects with `api.not_found`. */
  async get(id: string): Promise<Account> {
    const account = await this.#o.store.get(id);
    if (account === undefined) throw new VedetteError('api.not_found', `There is no user ${id}.`);
    return account;
  }

  /** Rejects with `api.not_found`. */
  async byName(name: string): Promise<Account> {
    const account = await this.#o.store.byName(name);
    if (account === undefined) throw new VedetteError('api.not_found', `There is no user ${name}.`);
    return account;
  }

  /** Whom a link signs in that is made on the collector's own machine: the enabled admin who is there longest. */
  async firstAdmin(): Promise<Account> {
    const admins = (await this.#o.store.list()).filter((one) => one.role === 'admin' && !one.isDisabled);
    const [first] = admins.sort((a, b) => a.createdAt - b.createdAt);
    if (first === undefined) throw new VedetteError('api.not_found', 'There is no enabled admin.');
    return first;
  }

  /** Rejects with `access.user_exists`, `access.too_many` or `access.password`. */
  async add(user: NewUser, by: Actor): Promise<Account> {
    const { name, displayName, role, password } = user;
    const passwordHash = password === null ? null : await this.#hash(password, name);
    return await this.addAccount({ name, displayName, role, passwordHash, subject: null }, by);
  }

  /** Rejects with `access.user_exists` or `access.too_many`. */
  async addAccount(
    account: Pick<Account, 'name' | 'displayName' | 'role' | 'passwordHash' | 'subject'>,
    by: Actor,
  ): Promise<Account> {
    const id = randomUUID();
    const { name, role } = account;
    const entry = this.#entry(by, 'user.add', name, { role, user: id });
    const done = await this.#o.store.add({ id, createdAt: entry.at, ...account }, maxUsers, entry);
    if (done === 'full') throw new VedetteError('access.too_many', `There are ${maxUsers} users already.`);
    if (done === 'taken') throw new VedetteError('access.user_exists', `There is a user ${name} already.`);
    return await this.get(id);
  }

  /** Rejects with `api.not_found` or `access.last_admin`. */
  async change(id: string, change: AccountChange, by: Actor): Promise<Account> {
    const { name, role } = await this.get(id);
    const detail = { user: id, ...change, ...(change.role !== undefined && { roleBefore: role }) };
    const changed = await this.#o.store.change(id, change, this.#entry(by, 'user.change', name, detail));
    this.#o.auth.changed();
    return changed ?? (await this.get(id));
  }

  /** Rejects with `api.not_found` or `access.last_admin`. */
  async remove(id: string, by: Actor): Promise<void> {
    const { name } = await this.get(id);
    await this.#o.store.remove(id, this.#entry(by, 'user.remove', name, { user: id }));
    this.#o.auth.changed();
  }

  /** For a user who lost it. Rejects with `api.not_found`. */
  async resetSecondFactor(id: string, by: Actor): Promise<void> {
    const { name } = await this.get(id);
    await this.#o.store.removeSecondFactor(id, this.#entry(by, 'second-factor.reset', name, { user: id }));
    this.#o.auth.changed();
  }

  /**
   * The own password. `current` may be left out where there is none, and soon after a sign-in link was used. Other
   * sessions end. Rejects with `access.password`, `access.proof_refused` or `Throttled`.
   */
  async setPassword(caller: Credential, current: string | undefined, next: string): Promise<void> {
    const account = await this.#own(caller);
    await this.#prove(account, caller, async () => {
      if (current !== undefined && account.passwordHash !== null)
        return await this.#o.hasher.verify(account.passwordHash, current);
      return this.#maySetPassword(account, caller);
    });
    const hash = await this.#hash(next, account.name);
    const keep = caller.kind === 'session' ? caller.id : null;
    const entry = this.#entry(caller, 'password.set', account.name, { user: account.id });
    await this.#o.store.setPassword(account.id, hash, keep, entry);
    this.#o.auth.changed();
  }

  /** Rejects with `api.conflict` when one is in force. */
  async beginSecondFactor(caller: Credential): Promise<NewSecondFactor> {
    const { id, name } = await this.#own(caller);
    const made = newSecondFactor(name);
    if (await this.#o.store.beginSecondFactor(id, made.secret)) {
      await this.#o.audit.append(this.#entry(caller, 'second-factor.begin', name, { user: id }));
      return made;
    }
    throw new VedetteError('api.conflict', 'There is a second factor already; remove it first.');
  }

  /** Gives recovery codes, shown this once. Rejects with `access.proof_refused`, `api.conflict` or `Throttled`. */
  async confirmSecondFactor(caller: Credential, code: string): Promise<readonly string[]> {
    const account = await this.#own(caller);
    const { id, name, secondFactor } = account;
    if (secondFactor === null || secondFactor.confirmedAt !== null)
      throw new VedetteError('api.conflict', 'There is no second factor to confirm.');
    let step: number | undefined;
    await this.#prove(account, caller, async () => {
      step = await stepOf(code, secondFactor, this.#o.now());
      return step !== undefined;
    });
    const codes = newRecoveryCodes();
    const entry = this.#entry(caller, 'second-factor.set', name, { user: id });
    const hashes = codes.map(recoveryCodeHash);
    if (!(await this.#o.store.confirmSecondFactor(id, step ?? 0, hashes, entry)))
      throw new VedetteError('api.conflict', 'There is no second factor to confirm.');
    this.#o.auth.changed();
    return codes;
  }

  /** Rejects with `access.proof_refused` or `Throttled`. */
  async removeSecondFactor(caller: Credential, code: string): Promise<void> {
    const account = await this.#own(caller);
    await this.#prove(account, caller, () => takeCode(this.#o.store, account, code, this.#o.now()));
    const entry = this.#entry(caller, 'second-factor.remove', account.name, { user: account.id });
    await this.#o.store.removeSecondFactor(account.id, entry);
    this.#o.auth.changed();
  }

  /** In place of those before; shown this once. Rejects with `access.proof_refused` or `Throttled`. */
  async renewRecoveryCodes(caller: Credential, code: string): Promise<readonly string[]> {
    const account = await this.#own(caller);
    await this.#prove(account, caller, () => takeCode(this.#o.store, account, code, this.#o.now()));
    const codes = newRecoveryCodes();
    const entry = this.#entry(caller, 'recovery-codes.renew', account.name, { user: account.id });
    await this.#o.store.setRecoveryCodes(account.id, codes.map(recoveryCodeHash), entry);
    return codes;
  }

  #maySetPassword(account: Account, caller: Credential): boolean {
    if (caller.kind !== 'session') return false;
    const isFresh = this.#o.now() * 1000 - caller.createdAt <= freshLinkUs;
    return account.passwordHash === null || (caller.via === 'link' && isFresh);
  }

  async #own({ accountId }: Credential): Promise<Account> {
    if (accountId === null) throw new VedetteError('api.forbidden', 'This token belongs to no user.');
    return await this.get(accountId);
  }

  /** Guesses at the own password or code are counted like those of who signs in: a session may have been stolen. */
  async #prove(account: Account, caller: Credential, isRight: () => Promise<boolean>): Promise<void> {
    const attempt = { user: '', address: '', device: `proof of ${account.id}` };
    const { id: user, name } = account;
    const refused = (detail: AuditDetail) =>
      this.#o.audit.append(this.#entry(caller, 'proof.refuse', name, { user, ...detail }));
    try {
      this.#o.throttle.begin(attempt);
    } catch (error) {
      if (error instanceof Throttled && error.isFirst) await refused({ throttled: true });
      throw error;
    }
    if (await isRight()) {
      this.#o.throttle.succeeded(attempt);
      return;
    }
    await refused({});
    throw new VedetteError('access.proof_refused', 'The password or code is not the right one.');
  }

  async #hash(password: string, name: string): Promise<string> {
    const fault = passwordFault(password, name);
    if (fault !== undefined) throw new VedetteError('access.password', fault);
    return await this.#o.hasher.hash(password);
  }

  #entry(by: Actor, action: string, name: string, detail: AuditDetail): NewAuditEntry {
    const at = this.#o.now() * 1000;
    return { at, actor: by.name, action, target: `user ${name}`, detail: { ...detail, credential: by.id } };
  }
}
