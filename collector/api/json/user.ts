import { userNamePattern } from '../../auth/accounts.ts';
import { type Account, roles } from '../../store/contract.ts';
import { toIso, toIsoOrNull } from '../instants.ts';
import { type FromSchema, instant, nullable, object, oneOf, text } from '../schema.ts';

export const userName = { type: 'string', pattern: userNamePattern } as const;
/** One line, whatever its characters. */
export const displayName = { type: 'string', maxLength: 100, pattern: '^[^\\p{Cc}\\p{Cf}]*$' } as const;
/** Bounds what is hashed; how long it must be is told with a code of its own. */
export const password = { type: 'string', minLength: 1, maxLength: 1024 } as const;
export const code = {
  type: 'string',
  minLength: 6,
  maxLength: 32,
  description: 'Six digits of the authenticator app, or a recovery code.',
} as const;

export const userSchema = object({
  id: text,
  name: text,
  displayName: text,
  role: oneOf(roles),
  disabled: { type: 'boolean' },
  hasPassword: { type: 'boolean' },
  hasSecondFactor: { type: 'boolean' },
  oidcSubject: nullable({ ...text, description: 'Who they are to the provider of identities.' }),
  createdAt: instant,
  lastSignInAt: nullable(instant),
});
export type UserJson = FromSchema<typeof userSchema>;

export function userJson(account: Account): UserJson {
  const { id, name, displayName, role } = account;
  return {
    ...{ id, name, displayName, role },
    disabled: account.isDisabled,
    ...factorsJson(account),
    oidcSubject: account.subject?.subject ?? null,
    createdAt: toIso(account.createdAt),
    lastSignInAt: toIsoOrNull(account.lastSignInAt),
  };
}

export function factorsJson({ passwordHash, secondFactor }: Account) {
  return { hasPassword: passwordHash !== null, hasSecondFactor: secondFactor?.confirmedAt != null };
}
