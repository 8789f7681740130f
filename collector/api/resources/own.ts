import { VedetteError } from '#shared/errors.ts';
import type { Caller } from '../../auth/permissions.ts';
import type { Credential } from '../../store/contract.ts';
import { demand } from '../guard.ts';

/** Whose things are listed: the account of the caller, or undefined for everybody's. Throws `api.forbidden`. */
export function allOrOwn(caller: Caller, all: boolean | undefined): string | undefined {
  if (all === true) {
    demand(caller, 'administer');
    return undefined;
  }
  if (caller.accountId !== null) return caller.accountId;
  throw new VedetteError('api.forbidden', 'This token belongs to no user; ask with all=true.');
}

/** Whether the caller may end this session or token: its own, unless it is a token that is limited itself, or any. */
export function mayEnd(caller: Caller, found: Credential): boolean {
  if (caller.permissions.includes('administer')) return true;
  return caller.scopes === null && found.accountId !== null && found.accountId === caller.accountId;
}
