// @peculiar/x509 injects its parts by tsyringe, which needs this before it is loaded.
import 'reflect-metadata';
import {
  createHash,
  createPrivateKey,
  type KeyObject,
  randomBytes,
  webcrypto,
  X509Certificate,
} from 'node:crypto';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import { VedetteError } from '#shared/errors.ts';
import { readText, writeText } from '#shared/files.ts';

x509.cryptoProvider.set(webcrypto as Crypto);

export const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const ownSigning = { ...keyAlgorithm, hash: 'SHA-256' } as const;
const caLifeMs = 3650 * 86_400_000;
const minRsaBits = 2048;

/** A certificate authority: made here, or given by the operator as `ca.crt` and `ca.key`. */
export interface Ca {
  /** Its files are `NAME.crt` and `NAME.key`. */
  readonly name: string;
  readonly certificate: x509.X509Certificate;
  /** The same, for checks by OpenSSL. */
  readonly parsed: X509Certificate;
  readonly pem: string;
  /** SHA-256 of the certificate (DER), hex. */
  readonly fingerprint: string;
  readonly key: CryptoKey;
  readonly signing: Algorithm | EcdsaParams;
}

/** With the line end that lets certificates be put one after another. */
export function pemOf(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem').trimEnd()}\n`;
}

export function newSerial(): string {
  const bytes = randomBytes(16);
  // Positive, and without a leading zero byte, so that its hexadecimal form is one everywhere.
  bytes[0] = ((bytes[0] as number) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

/** From a little back, for hosts whose clock is behind, but by no more than the life itself. */
export function validity(lifeMs: number, notAfterMs = Number.POSITIVE_INFINITY) {
  const now = Date.now();
  return {
    notBefore: new Date(now - Math.min(3_600_000, lifeMs)),
    notAfter: new Date(Math.min(now + lifeMs, notAfterMs)),
  };
}

export async function newKeys(): Promise<CryptoKeyPair> {
  return (await webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify'])) as CryptoKeyPair;
}

export async function exportKey(key: CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

/** What webcrypto calls the key, and how it signs; undefined for a kind that is not taken. */
function signingOf(key: KeyObject) {
  const { namedCurve, modulusLength } = key.asymmetricKeyDetails ?? {};
  if (namedCurve === 'prime256v1') return ownSigning;
  if (namedCurve === 'secp384r1') return { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' } as const;
  if (key.asymmetricKeyType === 'rsa' && (modulusLength ?? 0) >= minRsaBits)
    return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } as const;
  return undefined;
}

/** Why the pair cannot be a CA here; undefined when it can. OpenSSL's `ca` asks for the key usage as well. */
function flawOf(parsed: X509Certificate, key: KeyObject): string | undefined {
  if (signingOf(key) === undefined) return 'its key is not ECDSA P-256 or P-384 or RSA of 2048 bits or more';
  if (!parsed.checkPrivateKey(key)) return 'its key is not the one of its certificate';
  if (!parsed.ca) return 'its certificate is not one of a CA';
  if (!parsed.checkIssued(parsed) || !parsed.verify(parsed.publicKey)) return 'it is not self-signed';
  // One that is not valid yet is good where it is the clock that is behind; agents judge by theirs.
  if (Date.parse(parsed.validTo) <= Date.now()) return 'it has expired';
  return undefined;
}

/** Checks a CA's two texts. Throws `pki.ca_unusable` with what is wrong; `where` names the files. */
async function caOf(name: string, where: string, certificatePem: string, keyPem: string): Promise<Ca> {
  const unusable = (why: string, cause?: unknown) =>
    new VedetteError('pki.ca_unusable', `${where}: ${why}.`, { cause });
  let certificate: x509.X509Certificate;
  let parsed: X509Certificate;
  let keyObject: KeyObject;
  try {
    certificate = new x509.X509Certificate(certificatePem);
    parsed = new X509Certificate(certificatePem);
    keyObject = createPrivateKey(keyPem);
  } catch (error) {
    throw unusable('the certificate or the key cannot be read', error);
  }
  const flaw = flawOf(parsed, keyObject);
  const signing = signingOf(keyObject);
  if (flaw !== undefined || signing === undefined) throw unusable(flaw ?? 'its key cannot sign');
  const der = keyObject.export({ type: 'pkcs8', format: 'der' });
  const key = (await webcrypto.subtle.importKey('pkcs8', der, signing, false, ['sign'])) as CryptoKey;
  const fingerprint = createHash('sha256').update(parsed.raw).digest('hex');
  return { name, certificate, parsed, pem: pemOf(certificate), fingerprint, key, signing };
}

/** Makes a CA and keeps it as `NAME.key` (0600) and `NAME.crt`. */
export async function makeCa(folder: string, name: string): Promise<Ca> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: newSerial(),
    name: `CN=Vedette CA ${randomBytes(4).toString('hex')}`,
    ...validity(caLifeMs),
    signingAlgorithm: ownSigning,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const [keyPem, pem] = [await exportKey(keys.privateKey), pemOf(certificate)];
  // The certificate is written last: a key alone is a first start that was cut off, and nobody trusts it yet.
  writeText(join(folder, `${name}.key`), keyPem);
  writeText(join(folder, `${name}.crt`), pem, 0o644);
  return await caOf(name, join(folder, `${name}.crt`), pem, keyPem);
}

/** The CA kept under the name; undefined when there is no certificate. Throws `data.corrupt`, `pki.ca_unusable`. */
export async function loadCa(folder: string, name: string): Promise<Ca | undefined> {
  const path = join(folder, `${name}.crt`);
  const pem = readText(path);
  if (pem === undefined) return undefined;
  const key = readText(join(folder, `${name}.key`));
  if (key === undefined) throw new VedetteError('data.corrupt', `${join(folder, `${name}.key`)} is missing.`);
  return await caOf(name, path, pem, key);
}
