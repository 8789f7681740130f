// @peculiar/x509 injects its parts by tsyringe, which needs this before it is loaded.
import 'reflect-metadata';
import { createHash, randomBytes, webcrypto } from 'node:crypto';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import { fail, ok, type Result, VedetteError } from '#shared/errors.ts';
import { readText, writeText } from '#shared/files.ts';
import { collectorName } from '#shared/protocol/identity.ts';

x509.cryptoProvider.set(webcrypto as Crypto);

const keyAlgorithm = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const signing = { ...keyAlgorithm, hash: 'SHA-256' } as const;
const dayMs = 86_400_000;
const caDays = 3650;
const serverDays = 365;
/** Until certificates are renewed by themselves, an agent's lasts long enough not to lapse. */
const agentDays = 365;
const renewBeforeDays = 30;

/** The collector's certificate authority and its own certificate, PEM throughout. */
export interface Authority {
  readonly caCertificate: string;
  /** SHA-256 of the CA certificate (DER), hex. */
  readonly caFingerprint: string;
  readonly server: { readonly key: string; readonly certificate: string };
  /** Signs an agent's request for `hostId`. `enroll.request_malformed` when the request is not sound. */
  signAgent(csrPem: string, hostId: string): Promise<Result<string>>;
}

interface Signer {
  readonly certificate: x509.X509Certificate;
  readonly keys: CryptoKeyPair;
}

/** With the line end that lets certificates be put one after another. */
function pem(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem').trimEnd()}\n`;
}

function serial(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0] as number) & 0x7f;
  return bytes.toString('hex');
}

function validity(days: number): { notBefore: Date; notAfter: Date } {
  // An hour back, for hosts whose clock is behind.
  return { notBefore: new Date(Date.now() - 3_600_000), notAfter: new Date(Date.now() + days * dayMs) };
}

async function exportKey(key: CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

async function importKey(pem: string): Promise<CryptoKey> {
  const der = x509.PemConverter.decodeFirst(pem);
  return (await webcrypto.subtle.importKey('pkcs8', der, keyAlgorithm, true, ['sign'])) as CryptoKey;
}

async function makeCa(): Promise<Signer> {
  const keys = (await webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify'])) as CryptoKeyPair;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: `CN=Vedette CA ${randomBytes(4).toString('hex')}`,
    ...validity(caDays),
    signingAlgorithm: signing,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate, keys };
}

async function loadCa(folder: string): Promise<Signer> {
  const keyPem = readText(join(folder, 'ca.key'));
  const certificatePem = readText(join(folder, 'ca.crt'));
  // The certificate is written last: a key alone is a first start that was cut off, and nobody trusts it yet.
  if (certificatePem === undefined) {
    const made = await makeCa();
    writeText(join(folder, 'ca.key'), await exportKey(made.keys.privateKey));
    writeText(join(folder, 'ca.crt'), pem(made.certificate), 0o644);
    return made;
  }
  if (keyPem === undefined) throw new VedetteError('data.corrupt', `${join(folder, 'ca.key')} is missing.`);
  try {
    const certificate = new x509.X509Certificate(certificatePem);
    const keys = { privateKey: await importKey(keyPem), publicKey: await certificate.publicKey.export() };
    return { certificate, keys };
  } catch (error) {
    throw new VedetteError('data.corrupt', `${join(folder, 'ca.key')} or ca.crt cannot be read.`, {
      cause: error,
    });
  }
}

/** Every name and address agents may use; verification itself goes by `collectorName`. */
function alternativeNames(): x509.JsonGeneralNames {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((a) => a.address));
  const ips = addresses.filter((a) => !a.includes('%') && !a.startsWith('fe80'));
  const dns = [...new Set([collectorName, 'localhost', hostname()])];
  return [
    ...dns.map((value) => ({ type: 'dns' as const, value })),
    ...[...new Set(ips)].map((value) => ({ type: 'ip' as const, value })),
  ];
}

async function makeServerCertificate(ca: Signer): Promise<{ key: string; certificate: string }> {
  const keys = (await webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify'])) as CryptoKeyPair;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: `CN=${collectorName}`,
    issuer: ca.certificate.subject,
    ...validity(serverDays),
    signingAlgorithm: signing,
    publicKey: keys.publicKey,
    signingKey: ca.keys.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(alternativeNames()),
      await x509.AuthorityKeyIdentifierExtension.create(ca.certificate),
    ],
  });
  return { key: await exportKey(keys.privateKey), certificate: pem(certificate) };
}

/** The kept server certificate if it is of this CA and has a month to go. */
async function keptServer(
  folder: string,
  ca: Signer,
): Promise<{ key: string; certificate: string } | undefined> {
  const key = readText(join(folder, 'server.key'));
  const certificate = readText(join(folder, 'server.crt'));
  if (key === undefined || certificate === undefined) return undefined;
  try {
    const parsed = new x509.X509Certificate(certificate);
    await importKey(key);
    const date = new Date(Date.now() + renewBeforeDays * dayMs);
    const isSound = await parsed.verify({ publicKey: ca.keys.publicKey, date });
    return isSound ? { key, certificate } : undefined;
  } catch {
    return undefined;
  }
}

async function signAgent(ca: Signer, csrPem: string, hostId: string): Promise<Result<string>> {
  let request: x509.Pkcs10CertificateRequest;
  try {
    request = new x509.Pkcs10CertificateRequest(csrPem);
    const { namedCurve } = request.publicKey.algorithm as EcKeyAlgorithm;
    if (namedCurve !== 'P-256' || !(await request.verify()))
      throw new Error('not a P-256 key proven by its signature');
  } catch (error) {
    return fail(
      'enroll.request_malformed',
      `The certificate request is not sound: ${(error as Error).message}.`,
    );
  }
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: `CN=${hostId}`,
    issuer: ca.certificate.subject,
    ...validity(agentDays),
    signingAlgorithm: signing,
    publicKey: request.publicKey,
    signingKey: ca.keys.privateKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
      new x509.SubjectAlternativeNameExtension([{ type: 'url', value: `urn:vedette:host:${hostId}` }]),
      await x509.AuthorityKeyIdentifierExtension.create(ca.certificate),
    ],
  });
  return ok(pem(certificate));
}

/** Loads the authority from `folder` (0700), making what is missing. Throws `data.corrupt` for damaged files. */
export async function openAuthority(folder: string): Promise<Authority> {
  const ca = await loadCa(folder);
  let server = await keptServer(folder, ca);
  if (server === undefined) {
    server = await makeServerCertificate(ca);
    writeText(join(folder, 'server.key'), server.key);
    writeText(join(folder, 'server.crt'), server.certificate, 0o644);
  }
  return {
    caCertificate: pem(ca.certificate),
    caFingerprint: createHash('sha256').update(new Uint8Array(ca.certificate.rawData)).digest('hex'),
    server,
    signAgent: (csrPem, hostId) => signAgent(ca, csrPem, hostId),
  };
}
