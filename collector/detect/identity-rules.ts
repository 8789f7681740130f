import type { ErrorCode } from '#shared/errors.ts';
import type { OwnRule } from './own-alert.ts';

/** A host refused a bundle of rules for a reason that no mistake explains. */
export const bundleTamperingRule: OwnRule = {
  id: 'vedette-bundle-tampering',
  title: 'Rules tampered with on their way to a host',
  level: 'high',
  tags: ['attack.defense-evasion', 'attack.t1562.001', 'attack.t1557'],
  response:
    'Find out who changed the bundle between the collector and the host: look at the host, at what lies between, and at who holds the signing keys. The host goes on with the rules it had.',
};

/** Refusals that mean an attack on an identity, with the rule an alert about them bears. */
export const identityRules = {
  'identity.cloned': {
    id: 'vedette-identity-cloned',
    title: 'Two machines under one identity',
    level: 'critical',
    tags: ['attack.credential-access', 'attack.t1552.004', 'attack.defense-evasion', 'attack.t1036'],
    response:
      'Find out which of the two machines is the real one. Revoke the identity (vedette hosts revoke) and enrol the real one anew; look at how its key came to be copied.',
  },
  'identity.revoked': {
    id: 'vedette-identity-revoked-in-use',
    title: 'Revoked identity in use',
    level: 'high',
    tags: ['attack.initial-access', 'attack.t1078'],
    response:
      'Look at the address it came from: whoever uses the revoked key has a copy of it. Nothing was let in.',
  },
  'identity.foreign_stream': {
    id: 'vedette-identity-foreign-stream',
    title: 'Events sent on the stream of another host',
    level: 'critical',
    tags: ['attack.defense-evasion', 'attack.t1036', 'attack.t1565.002'],
    response:
      'Isolate the host that sent them: its agent was made to speak for another. Look at both hosts; nothing of it was stored.',
  },
  'identity.name_taken': {
    id: 'vedette-identity-name-taken',
    title: 'Host claims the name of another host',
    level: 'medium',
    tags: ['attack.defense-evasion', 'attack.t1036'],
    response:
      'Find out whether the machine was renamed or copied. It keeps the name it had; rename one of the two, or decommission the one that is gone.',
  },
} as const satisfies Partial<Record<ErrorCode, OwnRule>>;
export type IdentityAttack = keyof typeof identityRules;

export function isIdentityAttack(code: ErrorCode): code is IdentityAttack {
  return Object.hasOwn(identityRules, code);
}
