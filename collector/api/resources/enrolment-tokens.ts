import { maxGlobLength } from '#shared/glob.ts';
import type { EnrolmentToken } from '../../store/contract.ts';
import { toIso, toIsoOrNull } from '../instants.ts';
import { callerOf, operation } from '../operation.ts';
import { array, count, instant, nullable, object, text } from '../schema.ts';

const hourS = 3600;

const tokenSchema = object({
  id: text,
  createdAt: instant,
  expiresAt: instant,
  uses: count,
  maxUses: count,
  hosts: { type: 'string', description: 'Pattern over the names of hosts that may use it.' },
  revokedAt: nullable(instant),
});

function tokenJson({ id, createdAt, expiresAt, uses, maxUses, hostPattern, revokedAt }: EnrolmentToken) {
  return {
    id,
    createdAt: toIso(createdAt),
    expiresAt: toIso(expiresAt),
    uses,
    maxUses,
    hosts: hostPattern ?? '*',
    revokedAt: toIsoOrNull(revokedAt),
  };
}

export const enrolmentTokens = [
  operation({
    method: 'GET',
    path: '/enrolment-tokens',
    permission: 'administer',
    summary: 'Enrolment tokens without their secrets, newest first',
    output: object({ items: array(tokenSchema) }),
    async handler({ deps }) {
      return { items: (await deps.control.enrolment.list()).map(tokenJson) };
    },
  }),
  operation({
    method: 'POST',
    path: '/enrolment-tokens',
    permission: 'administer',
    summary: 'Make an enrolment token; it is shown this once',
    body: object(
      {},
      {
        maxUses: { type: 'integer', minimum: 1, maximum: 10_000, default: 1 },
        lifeSeconds: { type: 'integer', minimum: 60, maximum: 30 * 24 * hourS, default: hourS },
        hosts: {
          type: 'string',
          minLength: 1,
          maxLength: maxGlobLength,
          description: 'Pattern over the names of hosts that may use it: * is any characters, ? is one.',
        },
      },
    ),
    output: object({ id: text, token: text, expiresAt: instant }),
    created: true,
    async handler(call) {
      const { deps, body } = call;
      const { id, token, expiresAt } = await deps.enrol.createToken({
        maxUses: body.maxUses ?? 1,
        lifeMs: (body.lifeSeconds ?? hourS) * 1000,
        ...(body.hosts !== undefined && { hostPattern: body.hosts }),
        actor: callerOf(call).name,
      });
      return { id, token, expiresAt: toIso(expiresAt) };
    },
  }),
  operation({
    method: 'DELETE',
    path: '/enrolment-tokens/:id',
    permission: 'administer',
    summary: 'Revoke an enrolment token: nobody can use it any more',
    params: object({ id: text }),
    output: tokenSchema,
    handler: async (call) =>
      tokenJson(await call.deps.enrol.revokeToken(call.params.id, callerOf(call).name)),
  }),
];
