import type { TrustedCaInfo } from '../deps.ts';
import { toIso, toIsoOrNull } from '../instants.ts';
import { callerOf, operation } from '../operation.ts';
import { array, type FromSchema, instant, nullable, object, oneOf, text } from '../schema.ts';

const caSchema = object({
  fingerprint: { type: 'string', description: 'SHA-256 of the certificate, hexadecimal.' },
  subject: text,
  expiresAt: instant,
  state: oneOf(['signing', 'retiring'], 'The one that signs new certificates, or trusted until it retires.'),
  retiresAt: nullable(instant),
});
export type CaJson = FromSchema<typeof caSchema>;
const listSchema = object({ items: array(caSchema) });

function caJson({ fingerprint, subject, notAfterMs, state, retiresAtMs }: TrustedCaInfo): CaJson {
  const retiresAt = toIsoOrNull(retiresAtMs === undefined ? null : retiresAtMs * 1000);
  return { fingerprint, subject, expiresAt: toIso(notAfterMs * 1000), state, retiresAt };
}

export const ca = [
  operation({
    method: 'GET',
    path: '/ca',
    permission: 'read',
    summary: 'The CAs that are trusted, the one that signs first',
    output: listSchema,
    handler: ({ deps }) => ({ items: deps.ca.list().map(caJson) }),
  }),
  operation({
    method: 'POST',
    path: '/ca/rotate',
    permission: 'administer',
    summary: 'Make a new CA that signs from now on; the one before stays trusted for a while',
    body: object({}, { overlapSeconds: { type: 'integer', minimum: 0, maximum: 315_360_000 } }),
    output: listSchema,
    async handler(call) {
      const { overlapSeconds } = call.body;
      const overlapMs = overlapSeconds === undefined ? undefined : overlapSeconds * 1000;
      return { items: (await call.deps.ca.rotate(overlapMs, callerOf(call).name)).map(caJson) };
    },
  }),
];
