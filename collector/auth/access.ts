/** Everything that decides who comes in, over the control database. */
import type { AuditStore, ControlStore } from '../store/contract.ts';
import { Accounts } from './accounts.ts';
import { type Auth, createAuth } from './auth.ts';
import { PasswordHasher } from './password-hasher.ts';
import { SignIn } from './sign-in.ts';
import { SignInThrottle } from './sign-in-throttle.ts';

export interface EntryCounters {
  /** Requests beyond the limit of an address or caller. */
  limited: number;
  /** Requests from addresses that are not allowed. */
  shutOut: number;
}

export interface Access {
  readonly entryCounters: EntryCounters;
  readonly auth: Auth;
  readonly accounts: Accounts;
  readonly signIn: SignIn;
  readonly hasher: PasswordHasher;
  readonly throttle: SignInThrottle;
}

export type AccessStores = Pick<ControlStore, 'credentials' | 'accounts' | 'accessSettings'> & {
  readonly audit: AuditStore;
};

/** `now` gives milliseconds since the epoch. */
export function createAccess(stores: AccessStores, now = () => Date.now()): Access {
  const auth = createAuth(stores, () => now() * 1000);
  const hasher = new PasswordHasher();
  const throttle = new SignInThrottle(now);
  const parts = { store: stores.accounts, audit: stores.audit, auth, hasher, throttle, now };
  const entryCounters = { limited: 0, shutOut: 0 };
  return { auth, accounts: new Accounts(parts), signIn: new SignIn(parts), hasher, throttle, entryCounters };
}
