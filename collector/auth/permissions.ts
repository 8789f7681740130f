import type { Credential, Role } from '../store/contract.ts';

/**
 * - `read` everything but secrets
 * - `triage` alerts: status and notes
 * - `respond` with actions on hosts
 * - `rules` change what is detected
 * - `ingest` report what happened elsewhere
 * - `administer` enrolment, people, tokens
 */
export const permissions = ['read', 'triage', 'respond', 'rules', 'ingest', 'administer'] as const;
export type Permission = (typeof permissions)[number];

const grants: Readonly<Record<Role, readonly Permission[]>> = {
  viewer: ['read'],
  analyst: ['read', 'triage', 'ingest'],
  responder: ['read', 'triage', 'respond', 'ingest'],
  'rule-admin': ['read', 'triage', 'rules', 'ingest'],
  admin: permissions,
};

export function permissionsOf(role: Role): readonly Permission[] {
  return grants[role];
}

export function mayDo(role: Role, permission: Permission): boolean {
  return grants[role].includes(permission);
}

/** A credential with what it allows at this moment. */
export interface Caller extends Credential {
  /** Of its role, as far as its scopes go; none while a second factor is lacking. */
  readonly permissions: readonly Permission[];
  /** It can do nothing but set up the second factor that everybody here must have. */
  readonly needsSecondFactor: boolean;
}

/** `everybodyNeedsSecondFactor` is the setting; a provider of identities asks for its own. */
export function callerOf(credential: Credential, everybodyNeedsSecondFactor: boolean): Caller {
  const { role, scopes, kind, via, hasSecondFactor } = credential;
  const needsSecondFactor =
    everybodyNeedsSecondFactor && kind === 'session' && via !== 'oidc' && !hasSecondFactor;
  const granted = permissionsOf(role).filter((one) => scopes === null || scopes.includes(one));
  return { ...credential, needsSecondFactor, permissions: needsSecondFactor ? [] : granted };
}
