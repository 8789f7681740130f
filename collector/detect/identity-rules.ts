import type { ErrorCode } from '#shared/errors.ts';
import type { OwnRule } from './own-alert.ts';

/** A host refused a bundle of rules for a reason that no mistake explains. */
export const bundleTamperingRule: OwnRule = {
  id: 'vedette-bundle-tampering',
  title: 'Rules tampered with on their way to a host',
  level: 'high',
  tags: ['attack.defense-evasion', 'attack.t1562.001', 'attack.t1557'],
};

/** Refusals that mean an attack on an identity, with the rule an alert about them bears. */
export const identityRules = {
  'identity.cloned': {
    id: 'vedette-identity-cloned',
    title: 'Two machines under one identity',
    level: 'critical',
    tags: ['attack.credential-access', 'attack.t1552.004', 'attack.defense-evasion', 'attack.t1036'],
  },
  'identity.revoked': {
    id: 'vedette-identity-revoked-in-use',
    title: 'Revoked identity in use',
    level: 'high',
    tags: ['attack.initial-access', 'attack.t1078'],
  },
  'identity.foreign_stream': {
    id: 'vedette-identity-foreign-stream',
    title: 'Events sent on the stream of another host',
    level: 'critical',
    tags: ['attack.defense-evasion', 'attack.t1036', 'attack.t1565.002'],
  },
  'identity.name_taken': {
    id: 'vedette-identity-name-taken',
    title: 'Host claims the name of another host',
    level: 'medium',
    tags: ['attack.defense-evasion', 'attack.t1036'],
  },
} as const satisfies Partial<Record<ErrorCode, OwnRule>>;
export type IdentityAttack = keyof typeof identityRules;

export function isIdentityAttack(code: ErrorCode): code is IdentityAttack {
  return Object.hasOwn(identityRules, code);
}
