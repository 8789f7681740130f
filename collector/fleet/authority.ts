import type { X509Certificate } from 'node:crypto';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type Result, VedetteError } from '#shared/errors.ts';
import { readText, writeText } from '#shared/files.ts';
import { makeCa } from './ca.ts';
import { loadCas, maxCas, saveCas, type TrustedCa } from './ca-list.ts';
import { isServerUsable, type KeyPair, makeServerCertificate, signAgentRequest } from './leaf.ts';

export interface AuthorityOptions {
  readonly agentLifeMs: number;
  readonly serverLifeMs: number;
}

/** A CA as operators see it. Instants in milliseconds. */
export interface CaStatus {
  readonly fingerprint: string;
  readonly subject: string;
  readonly notAfterMs: number;
  /** `signing` new certificates, or trusted until it is retired. */
  readonly state: 'signing' | 'retiring';
  readonly retiresAtMs: number | undefined;
}

const dayMs = 86_400_000;
export const defaultLives: AuthorityOptions = { agentLifeMs: 7 * dayMs, serverLifeMs: 90 * dayMs };

/** The collector's certificate authorities and its own certificate, kept in `folder`. PEM throughout. */
export class Authority {
  readonly #folder: string;
  readonly #o: AuthorityOptions;
  #cas: readonly TrustedCa[];
  #server!: KeyPair;

  private constructor(folder: string, options: AuthorityOptions, cas: readonly TrustedCa[]) {
    this.#folder = folder;
    this.#o = options;
    this.#cas = cas;
  }

  static async open(folder: string, options: AuthorityOptions): Promise<Authority> {
    const authority = new Authority(folder, options, await loadCas(folder));
    await authority.tend();
    return authority;
  }

  /** The CAs to be trusted, one after another, the one that signs first. */
  get trust(): string {
    return this.#cas.map(({ ca }) => ca.pem).join('');
  }

  /**
   * The CA the collector shows itself with: the oldest one that is trusted, because agents that have not learnt of a
   * newer one know it, and those that have know both.
   */
  get #shown() {
    return (this.#cas.at(-1) as TrustedCa).ca;
  }

  /** SHA-256 of the CA certificate (DER) that the collector shows, hex: what enrolment tokens name. */
  get caFingerprint(): string {
    return this.#shown.fingerprint;
  }

  /** What a TLS server needs: the CA goes along, so that an agent at enrolment can hold it against its token. */
  get server(): { readonly key: string; readonly cert: string; readonly ca: string } {
    return { key: this.#server.key, cert: this.#server.certificate + this.#shown.pem, ca: this.trust };
  }

  /** The one that signs first. */
  get cas(): readonly CaStatus[] {
    return this.#cas.map(({ ca, retiresAtMs }) => ({
      fingerprint: ca.fingerprint,
      subject: ca.certificate.subject,
      notAfterMs: ca.certificate.notAfter.getTime(),
      state: retiresAtMs === undefined ? 'signing' : 'retiring',
      retiresAtMs,
    }));
  }

  /** Signs an agent's request for `hostId`. `enroll.request_malformed` when the request is not sound. */
  signAgent(csrPem: string, hostId: string): Promise<Result<string>> {
    return signAgentRequest((this.#cas[0] as TrustedCa).ca, csrPem, hostId, this.#o.agentLifeMs);
  }

  /** Whether a CA that is trusted now has signed it, for use by agents; its dates are not looked at. */
  isOfAgent(certificate: X509Certificate): boolean {
    const clientAuth = '1.3.6.1.5.5.7.3.2';
    return (
      !certificate.ca &&
      certificate.keyUsage?.includes(clientAuth) === true &&
      this.#cas.some(
        ({ ca }) => certificate.checkIssued(ca.parsed) && certificate.verify(ca.parsed.publicKey),
      )
    );
  }

  /**
   * A new CA signs from now on; those before it stay trusted for `overlapMs`, or for the shorter time they had left.
   * `pki.rotation_unfinished` when too many are trusted already.
   */
  async rotate(overlapMs: number): Promise<CaStatus> {
    if (this.#cas.length >= maxCas)
      throw new VedetteError('pki.rotation_unfinished', `${this.#cas.length} CAs are trusted at present.`);
    const ca = await makeCa(this.#folder, `ca-${randomBytes(8).toString('hex')}`);
    const until = Date.now() + overlapMs;
    const before = this.#cas.map((one) => ({
      ...one,
      retiresAtMs: Math.min(until, one.retiresAtMs ?? Number.POSITIVE_INFINITY),
    }));
    this.#cas = [{ ca, retiresAtMs: undefined }, ...before];
    saveCas(this.#folder, this.#cas);
    await this.tend();
    return this.cas[0] as CaStatus;
  }

  /**
   * Retires CAs whose time has come, and renews the collector's certificate at a third of its life. Gives whether what
   * the server shows or trusts has changed.
   */
  async tend(): Promise<boolean> {
    const now = Date.now();
    const isDue = ({ retiresAtMs }: TrustedCa) => retiresAtMs !== undefined && retiresAtMs <= now;
    const gone = this.#cas.filter(isDue);
    if (gone.length > 0) {
      this.#cas = this.#cas.filter((one) => !isDue(one));
      saveCas(this.#folder, this.#cas, gone);
    }
    const trustPath = join(this.#folder, 'trust.crt');
    if (readText(trustPath) !== this.trust) writeText(trustPath, this.trust, 0o644);
    return (await this.#renewServer()) || gone.length > 0;
  }

  async #renewServer(): Promise<boolean> {
    const [keyPath, certificatePath] = ['server.key', 'server.crt'].map((name) =>
      join(this.#folder, name),
    ) as [string, string];
    const isUsable = (pair: KeyPair) => isServerUsable(this.#shown, pair, this.#o.serverLifeMs / 3);
    const [key, certificate] = [readText(keyPath), readText(certificatePath)];
    if (key !== undefined && certificate !== undefined && isUsable({ key, certificate })) {
      const isChanged = this.#server?.certificate !== certificate;
      this.#server = { key, certificate };
      return isChanged;
    }
    const made = await makeServerCertificate(this.#shown, this.#o.serverLifeMs);
    writeText(keyPath, made.key);
    writeText(certificatePath, made.certificate, 0o644);
    this.#server = made;
    return true;
  }
}

/** Loads the authority from `folder` (0700), making what is missing. Throws `data.corrupt`, `pki.ca_unusable`. */
export function openAuthority(folder: string, options = defaultLives): Promise<Authority> {
  return Authority.open(folder, options);
}
