import { fail, ok, type Result } from '../errors.ts';

/** The name in every collector's certificate, so that its address may change. */
export const collectorName = 'collector.vedette.internal';

/** What an enrolment token carries. */
export interface EnrolmentTicket {
  /** `host:port` where agents connect. */
  readonly address: string;
  /** SHA-256 of the CA certificate (DER), hex. */
  readonly caFingerprint: string;
  /** Proves the right to enrol; known to the collector by its hash only. */
  readonly secret: string;
}

const prefix = 'vdt1.';
const addressPattern = /^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):\d{1,5}$/;

export function formatToken(ticket: EnrolmentTicket): string {
  const body = JSON.stringify([ticket.address, ticket.caFingerprint, ticket.secret]);
  return prefix + Buffer.from(body).toString('base64url');
}

export function parseToken(token: string): Result<EnrolmentTicket> {
  const wrong = () => fail<EnrolmentTicket>('enroll.token_malformed', 'The token cannot be read.');
  if (!token.startsWith(prefix) || token.length > 1024) return wrong();
  let body: unknown;
  try {
    body = JSON.parse(Buffer.from(token.slice(prefix.length), 'base64url').toString());
  } catch {
    return wrong();
  }
  if (!Array.isArray(body) || body.length !== 3 || !body.every((v) => typeof v === 'string')) return wrong();
  const [address, caFingerprint, secret] = body as [string, string, string];
  if (!addressPattern.test(address) || !/^[0-9a-f]{64}$/.test(caFingerprint) || secret.length < 16)
    return wrong();
  return ok({ address, caFingerprint, secret });
}

/** Path of the enrolment request on the agents' port. */
export const enrolPath = '/enroll';

export interface EnrolmentRequest {
  readonly secret: string;
  /** PKCS#10, PEM. */
  readonly csr: string;
  readonly facts: Readonly<Record<string, string>>;
  /** Keep the host id of the certificate that the TLS connection was made with. */
  readonly again?: true;
}
export interface EnrolmentAnswer {
  readonly hostId: string;
  /** PEM. */
  readonly certificate: string;
  /** The CAs to pin, PEM, one after another; absent from collectors that have one only. */
  readonly ca?: string;
  /** The root of bundles of rules to trust, base64; absent where the collector has none yet. */
  readonly bundleRoot?: string;
}
