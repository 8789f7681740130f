import { createSign, generateKeyPairSync } from 'node:crypto';

/** A fresh key and a request for a certificate for it, PEM. */
export interface KeyAndRequest {
  readonly key: string;
  readonly csr: string;
}

/** One DER element (X.690): tag, length in the definite form, contents. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const contents = Buffer.concat(parts);
  const { length } = contents;
  const head =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), contents]);
}

const sequence = 0x30;
const set = 0x31;
const ecdsaWithSha256 = Buffer.from('06082a8648ce3d040302', 'hex');
const commonName = Buffer.from('0603550403', 'hex');
const version0 = Buffer.from([0x02, 0x01, 0x00]);
/** An empty set of attributes, [0] IMPLICIT. */
const noAttributes = Buffer.from([0xa0, 0x00]);
/** The collector gives the subject; this one only has to be there. */
const subject = der(
  sequence,
  der(set, der(sequence, commonName, der(0x0c, Buffer.from('vedette-agent', 'utf8')))),
);

function pem(label: string, contents: Buffer): string {
  const lines = contents.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/**
 * Makes a P-256 key and a PKCS#10 request (RFC 2986) signed with it. Written out here, because a library for
 * certificates would stay in the agent's memory for what it does once in days.
 */
export function makeRequest(): KeyAndRequest {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const info = der(
    sequence,
    version0,
    subject,
    publicKey.export({ type: 'spki', format: 'der' }),
    noAttributes,
  );
  const signature = createSign('sha256').update(info).sign(privateKey);
  const bits = der(0x03, Buffer.from([0]), signature);
  const csr = der(sequence, info, der(sequence, ecdsaWithSha256), bits);
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    csr: pem('CERTIFICATE REQUEST', csr),
  };
}
