import { createHash, webcrypto } from 'node:crypto';
import { request } from 'node:https';
import { connect, type DetailedPeerCertificate } from 'node:tls';
import { VedetteError } from '#shared/errors.ts';
import {
  collectorName,
  type EnrolmentAnswer,
  type EnrolmentRequest,
  type EnrolmentTicket,
  enrolPath,
} from '#shared/protocol/identity.ts';
import type { AgentIdentity } from './identity.ts';

const timeoutMs = 15_000;
const maxAnswerBytes = 64 * 1024;

interface Endpoint {
  readonly host: string;
  readonly port: number;
}

function endpointOf(address: string): Endpoint {
  const at = address.lastIndexOf(':');
  return { host: address.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(address.slice(at + 1)) };
}

function toPem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/**
 * The CA certificate the collector shows, if its hash is the one the token names. Nothing is sent over this
 * connection: it only fetches what the next one verifies against.
 */
function fetchCa(endpoint: Endpoint, fingerprint: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({
      ...endpoint,
      servername: collectorName,
      minVersion: 'TLSv1.3',
      rejectUnauthorized: false,
    });
    const end = (error: Error) => {
      socket.destroy();
      reject(error);
    };
    socket.setTimeout(timeoutMs, () =>
      end(new VedetteError('wire.stalled', 'The collector did not answer in time.')),
    );
    socket.once('error', end);
    socket.once('secureConnect', () => {
      let certificate: DetailedPeerCertificate = socket.getPeerCertificate(true);
      while (certificate.issuerCertificate !== undefined && certificate.issuerCertificate !== certificate) {
        certificate = certificate.issuerCertificate;
      }
      if (createHash('sha256').update(certificate.raw).digest('hex') !== fingerprint) {
        end(new VedetteError('identity.collector_untrusted', 'The CA shown is not the one the token names.'));
        return;
      }
      socket.destroy();
      resolve(toPem(certificate.raw));
    });
  });
}

/** A fresh P-256 key and a request for a certificate for it, PEM. */
export async function makeRequest(): Promise<{ key: string; csr: string }> {
  // @peculiar/x509 injects its parts by tsyringe, which needs this before it is loaded.
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  x509.cryptoProvider.set(webcrypto as Crypto);
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as CryptoKeyPair;
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({
    name: 'CN=vedette-agent',
    keys,
    signingAlgorithm: algorithm,
  });
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { key: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'), csr: csr.toString('pem') };
}

function post(
  endpoint: Endpoint,
  ca: string,
  body: EnrolmentRequest,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const call = request(
      { ...endpoint, path: enrolPath, method: 'POST', ca, servername: collectorName, minVersion: 'TLSv1.3' },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (part: string) => {
          text += part;
          if (text.length > maxAnswerBytes) answer.destroy(new Error('the answer is too long'));
        });
        answer.on('error', reject);
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: text }));
      },
    );
    call.setTimeout(timeoutMs, () =>
      call.destroy(new VedetteError('wire.stalled', 'The collector did not answer in time.')),
    );
    call.on('error', reject);
    call.setHeader('content-type', 'application/json');
    call.end(JSON.stringify(body));
  });
}

/**
 * Makes a key, proves the token and gets a certificate. `address` overrides the one in the token. Throws the
 * collector's own refusal (`enroll.*`), `identity.collector_untrusted`, or what the network gave.
 */
export async function enrol(
  ticket: EnrolmentTicket,
  facts: Readonly<Record<string, string>>,
  address = ticket.address,
): Promise<AgentIdentity> {
  const endpoint = endpointOf(address);
  const ca = await fetchCa(endpoint, ticket.caFingerprint);
  const { key, csr } = await makeRequest();
  const answer = await post(endpoint, ca, { secret: ticket.secret, csr, facts });
  let body: Partial<EnrolmentAnswer> & { code?: string; detail?: string };
  try {
    body = JSON.parse(answer.body) as typeof body;
  } catch {
    throw new VedetteError(
      'enroll.request_malformed',
      `The collector answered ${answer.status} without JSON.`,
    );
  }
  if (answer.status !== 200 || body.hostId === undefined || body.certificate === undefined) {
    const code = body.code === 'enroll.token_refused' ? body.code : 'enroll.request_malformed';
    throw new VedetteError(code, body.detail ?? `The collector answered ${answer.status}.`);
  }
  return { hostId: body.hostId, address, ca, certificate: body.certificate, key };
}
