import type { Certificate } from '../../store/contract.ts';
import { toIso, toIsoOrNull } from '../instants.ts';
import { callerOf, operation } from '../operation.ts';
import { array, type FromSchema, instant, nullable, object, text } from '../schema.ts';
import { reasonBody } from './reason.ts';

const certificateSchema = object({
  serial: text,
  hostId: text,
  fingerprint: { type: 'string', description: 'SHA-256 of the certificate, hexadecimal.' },
  issuedAt: instant,
  expiresAt: instant,
  revokedAt: nullable(instant),
  revokedReason: nullable(text),
});

export type CertificateJson = FromSchema<typeof certificateSchema>;

function certificateJson(certificate: Certificate): CertificateJson {
  const { issuedAt, expiresAt, revokedAt } = certificate;
  return {
    ...certificate,
    issuedAt: toIso(issuedAt),
    expiresAt: toIso(expiresAt),
    revokedAt: toIsoOrNull(revokedAt),
  };
}

export const certificates = [
  operation({
    method: 'GET',
    path: '/hosts/:id/certificates',
    permission: 'read',
    summary: 'Certificates issued to a host that may still be good for something, newest first',
    params: object({ id: text }),
    output: object({ items: array(certificateSchema) }),
    handler: async ({ deps, params }) => ({
      items: (await deps.control.certificates.list(params.id)).map(certificateJson),
    }),
  }),
  operation({
    method: 'POST',
    path: '/certificates/:id/revoke',
    permission: 'administer',
    summary: 'Revoke one certificate, by serial or SHA-256 fingerprint; connections by it end at once',
    params: object({ id: text }),
    body: reasonBody,
    output: certificateSchema,
    async handler(call) {
      const { deps, params, body } = call;
      return certificateJson(
        await deps.fleet.revokeCertificate(params.id, body.reason ?? 'no reason given', callerOf(call).name),
      );
    },
  }),
];
