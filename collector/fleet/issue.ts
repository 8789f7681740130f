import { createHash, X509Certificate } from 'node:crypto';
import { nowUs } from '#shared/clock.ts';
import { ok, type Result } from '#shared/errors.ts';
import type { CertificateStore } from '../store/contract.ts';
import type { Authority } from './authority.ts';

/** SHA-256 of the DER, hex. */
export function fingerprintOf(certificate: X509Certificate): string {
  return createHash('sha256').update(certificate.raw).digest('hex');
}

/** In the one form in which it is stored. */
export function serialOf(certificate: X509Certificate): string {
  return certificate.serialNumber.toLowerCase().replace(/^0+(?=.)/, '');
}

/** Signs requests of agents and records every certificate that is given out. `graceMs`: how long after its end one may still be renewed. */
export class Issuer {
  readonly #authority: Authority;
  readonly #store: CertificateStore;
  readonly #graceMs: number;

  constructor(authority: Authority, store: CertificateStore, graceMs: number) {
    this.#authority = authority;
    this.#store = store;
    this.#graceMs = graceMs;
  }

  /** Signs without recording: for what may still come to nothing. `enroll.request_malformed` when it is not sound. */
  sign(csr: string, hostId: string): Promise<Result<string>> {
    return this.#authority.signAgent(csr, hostId);
  }

  /** Records a certificate before it is given out. */
  async record(pem: string, hostId: string): Promise<string> {
    const certificate = new X509Certificate(pem);
    const serial = serialOf(certificate);
    const issuedAt = nowUs();
    const expiresAt = Date.parse(certificate.validTo) * 1000;
    await this.#store.add(
      { serial, hostId, fingerprint: fingerprintOf(certificate), issuedAt, expiresAt },
      issuedAt - this.#graceMs * 1000,
    );
    return serial;
  }

  async issue(csr: string, hostId: string): Promise<Result<{ certificate: string; serial: string }>> {
    const signed = await this.sign(csr, hostId);
    if (!signed.ok) return signed;
    return ok({ certificate: signed.value, serial: await this.record(signed.value, hostId) });
  }
}
