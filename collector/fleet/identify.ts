import type { X509Certificate } from 'node:crypto';
import { fail, ok, type Result } from '#shared/errors.ts';
import type { Certificate, CertificateStore, Host, HostStore } from '../store/contract.ts';
import type { Authority } from './authority.ts';
import { fingerprintOf, serialOf } from './issue.ts';

/** Whom a certificate is of. */
export interface Identified {
  readonly hostId: string;
  readonly serial: string;
  /** It has expired, not long ago: it may be renewed, and nothing else. */
  readonly mustRenew: boolean;
  /** Milliseconds since the epoch. */
  readonly expiresAtMs: number;
}

export interface IdentifyDeps {
  readonly authority: Authority;
  readonly hosts: HostStore;
  readonly certificates: CertificateStore;
  /** How long after its end a certificate may still be renewed. */
  readonly graceMs: number;
}

const hostIdPattern = /(?:^|\n)CN=([0-9a-f]{16})(?:\n|$)/;

/** What was issued under the serial, if it was this very certificate. */
async function issuedOf(deps: IdentifyDeps, certificate: X509Certificate): Promise<Certificate | undefined> {
  const kept = await deps.certificates.get(serialOf(certificate));
  return kept?.fingerprint === fingerprintOf(certificate) ? kept : undefined;
}

function standingOf(host: Host, issued: Certificate | undefined): Result<Host> {
  if (host.state === 'revoked')
    return fail('identity.revoked', `Host ${host.id} was revoked: ${host.stateReason ?? 'no reason given'}.`);
  if (issued !== undefined && issued.revokedAt !== null)
    return fail(
      'identity.revoked',
      `Certificate ${issued.serial} of host ${host.id} was revoked: ${issued.revokedReason ?? 'no reason given'}.`,
    );
  if (host.state === 'decommissioned')
    return fail('identity.decommissioned', `Host ${host.id} was taken out of service.`);
  return ok(host);
}

/**
 * Whom the certificate of a TLS peer is of; that the peer has its key the handshake has shown. `identity.untrusted`,
 * `identity.unknown_host`, `identity.revoked`, `identity.decommissioned` or `identity.expired` when it is no good.
 */
export async function identify(
  deps: IdentifyDeps,
  certificate: X509Certificate,
): Promise<Result<Identified>> {
  if (!deps.authority.isOfAgent(certificate))
    return fail('identity.untrusted', 'The certificate is not one that this collector gave an agent.');
  const hostId = hostIdPattern.exec(certificate.subject)?.[1];
  const host = hostId === undefined ? undefined : await deps.hosts.get(hostId);
  if (host === undefined)
    return fail('identity.unknown_host', 'The certificate names a host that is not known here.');
  const standing = standingOf(host, await issuedOf(deps, certificate));
  if (!standing.ok) return standing;
  const now = Date.now();
  const expiresAtMs = Date.parse(certificate.validTo);
  const expiredMs = now - expiresAtMs;
  if (expiredMs > deps.graceMs)
    return fail('identity.expired', `The certificate of host ${host.id} expired on ${certificate.validTo}.`);
  return ok({ hostId: host.id, serial: serialOf(certificate), mustRenew: expiredMs >= 0, expiresAtMs });
}

/**
 * The host of a certificate that asks to be enrolled again under its id. A certificate on record proves it even when
 * its CA has retired or it expired long ago: the host may have been away for any time. A revoked one proves nothing.
 */
export async function provenHost(
  deps: IdentifyDeps,
  certificate: X509Certificate | undefined,
): Promise<Result<Host>> {
  if (certificate === undefined) return fail('enroll.host_unproven', 'No certificate was presented.');
  const issued = await issuedOf(deps, certificate);
  const isOurs = issued !== undefined || deps.authority.isOfAgent(certificate);
  const hostId = isOurs ? hostIdPattern.exec(certificate.subject)?.[1] : undefined;
  const host = hostId === undefined ? undefined : await deps.hosts.get(hostId);
  if (host === undefined || host.state === 'revoked' || (issued?.revokedAt ?? null) !== null)
    return fail('enroll.host_unproven', 'The certificate presented is not a good one of a host known here.');
  return ok(host);
}
