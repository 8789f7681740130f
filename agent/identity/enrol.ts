import { createHash } from 'node:crypto';
import { request } from 'node:https';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect, type DetailedPeerCertificate } from 'node:tls';
import { type ErrorCode, ok, VedetteError } from '#shared/errors.ts';
import {
  collectorName,
  type EnrolmentAnswer,
  type EnrolmentRequest,
  type EnrolmentTicket,
  enrolPath,
} from '#shared/protocol/identity.ts';
import { type Endpoint, endpointOf, proxyFor, tunnel } from '../uplink/proxy.ts';
import { makeRequest } from './certificate-request.ts';
import type { AgentIdentity } from './identity.ts';
import { pinnable } from './trust.ts';

const timeoutMs = 15_000;
const maxAnswerBytes = 64 * 1024;

/** How to reach a collector, proxy or not. */
type Dial = () => Promise<Socket>;

function dialer(endpoint: Endpoint, proxySetting: string): Dial {
  const proxy = proxyFor(endpoint, proxySetting);
  if (proxy !== undefined) return () => tunnel(proxy, endpoint, timeoutMs);
  return async () => connectPlain(endpoint);
}

function toPem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/**
 * The CA certificate the collector shows, if its hash is the one the token names. Nothing is sent over this
 * connection: it only fetches what the next one verifies against.
 */
async function fetchCa(dial: Dial, fingerprint: string): Promise<string> {
  const carrier = await dial();
  return new Promise((resolve, reject) => {
    carrier.on('error', reject);
    const socket = connect({
      socket: carrier,
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

async function post(
  dial: Dial,
  tls: { readonly ca: string; readonly cert?: string; readonly key?: string },
  body: EnrolmentRequest,
): Promise<{ status: number; body: string }> {
  const carrier = await dial();
  return new Promise((resolve, reject) => {
    carrier.on('error', reject);
    const createConnection = () =>
      connect({ ...tls, socket: carrier, servername: collectorName, minVersion: 'TLSv1.3' });
    const call = request(
      { path: enrolPath, method: 'POST', host: collectorName, createConnection },
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

export interface EnrolOptions {
  /** The setting `proxy`. */
  readonly proxy?: string;
  /** The identity whose host id is to be kept: it proves that this is the host. */
  readonly again?: AgentIdentity;
}

const refusals: ReadonlySet<string> = new Set<ErrorCode>([
  'enroll.token_refused',
  'enroll.host_refused',
  'enroll.host_unproven',
  'wire.store_failed',
]);

/**
 * Makes a key, proves the token and gets a certificate. `address` overrides the one in the token. Throws the
 * collector's own refusal (`enroll.*`),
 * `identity.collector_untrusted`, `proxy.*`, or what the network gave.
 */
export async function enrol(
  ticket: EnrolmentTicket,
  facts: Readonly<Record<string, string>>,
  address = ticket.address,
  { proxy = '', again }: EnrolOptions = {},
): Promise<AgentIdentity> {
  const dial = dialer(endpointOf(address), proxy);
  const ca = await fetchCa(dial, ticket.caFingerprint);
  const { key, csr } = makeRequest();
  const tls = { ca, ...(again && { cert: again.certificate, key: again.key }) };
  const request = { secret: ticket.secret, csr, facts, ...(again && { again: true as const }) };
  const answer = await post(dial, tls, request);
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
    const code = refusals.has(body.code ?? '') ? (body.code as ErrorCode) : 'enroll.request_malformed';
    throw new VedetteError(code, body.detail ?? `The collector answered ${answer.status}.`);
  }
  const pinned = body.ca === undefined ? ok(ca) : pinnable(body.ca);
  if (!pinned.ok) throw pinned.error;
  const { hostId, certificate, bundleRoot } = body;
  const root = typeof bundleRoot === 'string' ? { bundleRoot } : {};
  return { hostId, address, ca: pinned.value, certificate, key, ...root };
}
