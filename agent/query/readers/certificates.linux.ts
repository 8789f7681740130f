import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import type { certificates as spec } from '#shared/tables/certificates.ts';
import type { RowOf } from '#shared/tables/spec.ts';
import { textAt } from '../files.ts';
import type { QueryHost } from '../reader.ts';

/** Bundles of what the system trusts: Debian and its kin, Red Hat and its kin, SUSE. */
const bundles = ['ssl/certs/ca-certificates.crt', 'pki/tls/certs/ca-bundle.crt', 'ssl/ca-bundle.pem'];
const pem = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;
const maxCertificates = 2000;

const seconds = (text: string) => Math.floor(Date.parse(text) / 1000);
const plain = (fingerprint: string) => fingerprint.replaceAll(':', '').toLowerCase();
const oneLine = (name: string) => name.replaceAll('\n', ', ');

function rowOf(text: string, path: string): RowOf<typeof spec> | undefined {
  try {
    const certificate = new X509Certificate(text);
    const { subject, issuer, ca, validFrom, validTo, publicKey, fingerprint, fingerprint256, serialNumber } =
      certificate;
    const { modulusLength, namedCurve } = publicKey.asymmetricKeyDetails ?? {};
    return {
      common_name: /^CN=(.*)$/m.exec(subject)?.[1],
      subject: oneLine(subject),
      issuer: oneLine(issuer),
      ca: Number(ca),
      self_signed: Number(subject === issuer),
      not_valid_before: seconds(validFrom),
      not_valid_after: seconds(validTo),
      key_algorithm: publicKey.asymmetricKeyType,
      key_strength: namedCurve ?? (modulusLength === undefined ? undefined : String(modulusLength)),
      sha1: plain(fingerprint),
      sha256: plain(fingerprint256),
      serial: serialNumber,
      path,
    };
  } catch {
    return undefined;
  }
}

export function* certificates({ etcRoot }: QueryHost): Iterable<RowOf<typeof spec>> {
  for (const name of bundles) {
    const path = join(etcRoot, name);
    for (const text of (textAt(path).match(pem) ?? []).slice(0, maxCertificates)) {
      const row = rowOf(text, path);
      if (row !== undefined) yield row;
    }
  }
}
