import { createPrivateKey, X509Certificate } from 'node:crypto';
import { hostname, networkInterfaces } from 'node:os';
import * as x509 from '@peculiar/x509';
import { fail, ok, type Result } from '#shared/errors.ts';
import { collectorName } from '#shared/protocol/identity.ts';
import { type Ca, exportKey, newKeys, newSerial, pemOf, validity } from './ca.ts';

/** A key and its certificate, PEM. */
export interface KeyPair {
  readonly key: string;
  readonly certificate: string;
}

/** Longest certificate request that is looked at, PEM. */
export const maxRequestLength = 16_384;

/** Names the CA by the identifier it carries itself, which a CA from outside may have computed in any way. */
function issuerExtensions(ca: Ca): x509.Extension[] {
  const id = ca.certificate.getExtension(x509.SubjectKeyIdentifierExtension)?.keyId;
  return id === undefined ? [] : [new x509.AuthorityKeyIdentifierExtension(id)];
}

function issue(
  ca: Ca,
  subject: string,
  publicKey: x509.PublicKeyType,
  lifeMs: number,
  extensions: readonly x509.Extension[],
): Promise<x509.X509Certificate> {
  return x509.X509CertificateGenerator.create({
    serialNumber: newSerial(),
    subject,
    issuer: ca.certificate.subjectName,
    ...validity(lifeMs, ca.certificate.notAfter.getTime()),
    signingAlgorithm: ca.signing,
    publicKey,
    signingKey: ca.key,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      ...extensions,
      ...issuerExtensions(ca),
    ],
  });
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

export async function makeServerCertificate(ca: Ca, lifeMs: number): Promise<KeyPair> {
  const keys = await newKeys();
  const certificate = await issue(ca, `CN=${collectorName}`, keys.publicKey, lifeMs, [
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
    new x509.SubjectAlternativeNameExtension(alternativeNames()),
  ]);
  return { key: await exportKey(keys.privateKey), certificate: pemOf(certificate) };
}

/** Signs an agent's request for `hostId`, whatever subject it asks for. `enroll.request_malformed` when it is not sound. */
export async function signAgentRequest(
  ca: Ca,
  csrPem: string,
  hostId: string,
  lifeMs: number,
): Promise<Result<string>> {
  let request: x509.Pkcs10CertificateRequest;
  try {
    if (csrPem.length > maxRequestLength) throw new Error('too long');
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
  const certificate = await issue(ca, `CN=${hostId}`, request.publicKey, lifeMs, [
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
    new x509.SubjectAlternativeNameExtension([{ type: 'url', value: `urn:vedette:host:${hostId}` }]),
  ]);
  return ok(pemOf(certificate));
}

/** Whether the pair is of this CA, fits together and has `leftMs` to go. */
export function isServerUsable(ca: Ca, pair: KeyPair, leftMs: number): boolean {
  try {
    const certificate = new X509Certificate(pair.certificate);
    return (
      certificate.checkPrivateKey(createPrivateKey(pair.key)) &&
      certificate.checkIssued(ca.parsed) &&
      certificate.verify(ca.parsed.publicKey) &&
      Date.parse(certificate.validTo) > Date.now() + leftMs
    );
  } catch {
    return false;
  }
}
