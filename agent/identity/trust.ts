import { createHash, X509Certificate } from 'node:crypto';
import { fail, ok, type Result } from '#shared/errors.ts';

/** Most CAs pinned at once, and their longest text. */
const maxCas = 8;
const maxLength = 64 * 1024;

const pattern = /-----BEGIN CERTIFICATE-----[\sA-Za-z0-9+/=]+-----END CERTIFICATE-----/g;

/** The certificates of a text, one after another, PEM. Throws when one cannot be read. */
export function certificatesOf(text: string): readonly X509Certificate[] {
  return (text.match(pattern) ?? []).map((one) => new X509Certificate(one));
}

/** Whether a CA of that fingerprint (SHA-256 of the DER, hex) is among them. */
export function holdsCa(text: string, fingerprint: string): boolean {
  return certificatesOf(text).some(
    (one) => createHash('sha256').update(one.raw).digest('hex') === fingerprint,
  );
}

/** A list of CAs to pin, in one form; `identity.trust_refused` when it is none. */
export function pinnable(text: string): Result<string> {
  const refused = (why: string) => fail<string>('identity.trust_refused', `${why}.`);
  if (text.length > maxLength) return refused('The list of CAs is too long');
  let list: readonly X509Certificate[];
  try {
    list = certificatesOf(text);
  } catch (error) {
    return refused(`A CA cannot be read: ${(error as Error).message}`);
  }
  if (list.length === 0 || list.length > maxCas) return refused(`A list of ${list.length} CAs was sent`);
  if (!list.every((one) => one.ca && one.checkIssued(one) && one.verify(one.publicKey)))
    return refused('One of the certificates is not that of a CA');
  return ok(list.map((one) => `${one.toString().trimEnd()}\n`).join(''));
}
