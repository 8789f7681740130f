import { createPrivateKey, X509Certificate } from 'node:crypto';
import { fail, ok, type Result } from '#shared/errors.ts';
import { makeRequest } from './certificate-request.ts';
import { type AgentIdentity, saveIdentity } from './identity.ts';
import { certificatesOf, pinnable } from './trust.ts';

/** Longest time between two requests for a certificate that is due; a twentieth of what it spans when that is less. */
const maxRetryMs = 3_600_000;

interface Term {
  /** When to ask for the next one, in milliseconds since the epoch. */
  readonly dueAtMs: number;
  readonly spanMs: number;
}

function termOf({ certificate, ca }: AgentIdentity): Term {
  const parsed = new X509Certificate(certificate);
  const [fromMs, toMs] = [Date.parse(parsed.validFrom), Date.parse(parsed.validTo)];
  const spanMs = toMs - fromMs;
  const [signing, ...others] = certificatesOf(ca);
  const isOfOlderCa = signing !== undefined && others.length > 0 && !parsed.checkIssued(signing);
  return { dueAtMs: isOfOlderCa ? Number.NEGATIVE_INFINITY : toMs - spanMs / 3, spanMs };
}

/**
 * The identity of the running agent: what it shows and trusts at its next connection, kept on the disk before it is
 * used. Certificate and key are in one file that is replaced whole, so a crash leaves the old pair or the new one.
 */
export class LiveIdentity {
  readonly #folder: string;
  #current: AgentIdentity;
  /** Looked up once for a certificate: reading one costs memory that stays. */
  #term: Term | undefined;
  #pendingKey: string | undefined;
  #askedAtMs = Number.NEGATIVE_INFINITY;

  constructor(folder: string, identity: AgentIdentity) {
    this.#folder = folder;
    this.#current = identity;
  }

  get current(): AgentIdentity {
    return this.#current;
  }

  /** Whether a third of the certificate's life or less is left, or a newer CA signs now. `nowMs` by the collector's clock. */
  isDue(nowMs: number): boolean {
    this.#term ??= termOf(this.#current);
    return nowMs >= this.#term.dueAtMs;
  }

  /** A request for the next certificate (PEM) if it is time; undefined when not, or when one was made a short while ago. */
  request(nowMs: number): string | undefined {
    if (!this.isDue(nowMs)) return undefined;
    const retryMs = Math.min(maxRetryMs, (this.#term?.spanMs ?? 0) / 20);
    if (performance.now() - this.#askedAtMs < retryMs) return undefined;
    const { key, csr } = makeRequest();
    this.#pendingKey = key;
    this.#askedAtMs = performance.now();
    return csr;
  }

  /** Takes the certificate that was asked for. `identity.renewal_refused` when it is not for this host and its new key. */
  accept(certificate: string): Result<void> {
    const key = this.#pendingKey;
    this.#pendingKey = undefined;
    if (key === undefined)
      return fail('identity.renewal_refused', 'A certificate came that was not asked for.');
    try {
      const parsed = new X509Certificate(certificate);
      const isOurs =
        parsed.checkPrivateKey(createPrivateKey(key)) &&
        parsed.subject === `CN=${this.#current.hostId}` &&
        certificatesOf(this.#current.ca).some((ca) => parsed.checkIssued(ca) && parsed.verify(ca.publicKey));
      if (!isOurs) throw new Error('it is not for this host and key');
    } catch (error) {
      return fail('identity.renewal_refused', `The certificate cannot be used: ${(error as Error).message}.`);
    }
    this.#keep({ ...this.#current, certificate, key });
    this.#askedAtMs = Number.NEGATIVE_INFINITY;
    return ok(undefined);
  }

  /** Pins these CAs in place of those before. `identity.trust_refused` when they are none. */
  trust(ca: string): Result<void> {
    if (ca === this.#current.ca) return ok(undefined);
    const list = pinnable(ca);
    if (!list.ok) return list;
    if (list.value !== this.#current.ca) this.#keep({ ...this.#current, ca: list.value });
    return ok(undefined);
  }

  #keep(identity: AgentIdentity): void {
    saveIdentity(this.#folder, identity);
    this.#current = identity;
    this.#term = undefined;
  }
}
