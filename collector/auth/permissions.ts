import type { Role } from '../store/contract.ts';

/**
 * - `read` everything but secrets
 * - `triage` alerts: status and notes
 * - `respond` with actions on hosts
 * - `rules` change what is detected
 * - `administer` enrolment, people, tokens
 */
export const permissions = ['read', 'triage', 'respond', 'rules', 'administer'] as const;
export type Permission = (typeof permissions)[number];

const grants: Readonly<Record<Role, readonly Permission[]>> = {
  viewer: ['read'],
  analyst: ['read', 'triage'],
  responder: ['read', 'triage', 'respond'],
  'rule-admin': ['read', 'triage', 'rules'],
  admin: permissions,
};

export function permissionsOf(role: Role): readonly Permission[] {
  return grants[role];
}

export function mayDo(role: Role, permission: Permission): boolean {
  return grants[role].includes(permission);
}
