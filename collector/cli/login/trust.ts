/** Which CA stands behind a collector elsewhere, before anything is sent to it. */
import { createHash } from 'node:crypto';
import { connect, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';
import { VedetteError } from '#shared/errors.ts';
import { readText } from '#shared/files.ts';
import { collectorName } from '#shared/protocol/identity.ts';
import { askShown, canAsk } from '../prompt.ts';
import type { Profile } from './profiles.ts';

export interface TrustOptions {
  readonly ca?: string;
  readonly fingerprint?: string;
}

export type Trust = Pick<Profile, 'ca' | 'serverName'>;

const timeoutMs = 15_000;

interface Shown {
  /** Whether the system's CAs and the name in the URL are enough. */
  readonly isPublic: boolean;
  /** PEM and SHA-256 (hex) of the last certificate of its chain. */
  readonly root: { readonly pem: string; readonly fingerprint: string; readonly subject: string };
  /** Whether its certificate is one that a collector made for itself. */
  readonly isOwn: boolean;
}

/**
 * What to hold the collector against: the file that is given, the CA of the fingerprint, the system's CAs, or what
 * somebody at the terminal says is right. Throws `usage.collector_untrusted`, `usage.invalid`, `usage.no_collector`.
 */
export async function trustIn(origin: string, options: TrustOptions): Promise<Trust> {
  if (origin.startsWith('http:')) return { ca: null, serverName: null };
  const shown = await look(new URL(origin));
  const serverName = shown.isOwn ? collectorName : null;
  if (options.ca !== undefined) {
    const ca = readText(options.ca);
    if (ca === undefined) throw new VedetteError('usage.invalid', `There is no file ${options.ca}.`);
    return { ca, serverName };
  }
  if (options.fingerprint !== undefined) {
    const wanted = options.fingerprint.toLowerCase().replace(/[^\da-f]/g, '');
    if (wanted === shown.root.fingerprint) return { ca: shown.root.pem, serverName };
    throw new VedetteError(
      'usage.collector_untrusted',
      `${origin} shows a CA of fingerprint ${shown.root.fingerprint}.`,
    );
  }
  if (shown.isPublic) return { ca: null, serverName: null };
  await confirm(origin, shown);
  return { ca: shown.root.pem, serverName };
}

async function confirm(origin: string, { root }: Shown): Promise<void> {
  if (!canAsk())
    throw new VedetteError(
      'usage.collector_untrusted',
      `${origin} shows a CA of its own and nobody can be asked: give --fingerprint or --ca.`,
    );
  process.stderr.write(
    `${origin} shows a CA of its own:\n  ${root.subject}\n  SHA-256 ${root.fingerprint}\n` +
      'Compare it with what `vedette ca show` says on the machine of the collector.\n',
  );
  if ((await askShown('Is it the same? (yes/no) ')).trim().toLowerCase() !== 'yes')
    throw new VedetteError('usage.collector_untrusted', 'It was not said to be the same.');
}

function look({ hostname, port }: URL): Promise<Shown> {
  const host = hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    const servername = /^[\d.]+$|:/.test(host) ? {} : { servername: host };
    const socket: TLSSocket = connect({
      ...{ host, port: port === '' ? 443 : Number(port), ...servername, timeout: timeoutMs },
      // Nothing is sent over this connection: it only shows what the next one is held against.
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
    });
    const fail = (reason: string) => {
      socket.destroy();
      reject(new VedetteError('usage.no_collector', `${host}: ${reason}.`));
    };
    socket.once('timeout', () => fail('no answer in time'));
    socket.once('error', (error) => fail(error.message));
    socket.once('secureConnect', () => {
      const leaf = socket.getPeerCertificate(true);
      socket.destroy();
      if (leaf.raw === undefined) return fail('it shows no certificate');
      const root = lastOf(leaf);
      resolve({
        isPublic: socket.authorized,
        isOwn: (leaf.subjectaltname ?? '').split(', ').includes(`DNS:${collectorName}`),
        root: {
          pem: pemOf(root.raw),
          fingerprint: createHash('sha256').update(root.raw).digest('hex'),
          subject: String(root.subject.CN ?? ''),
        },
      });
    });
  });
}

function lastOf(leaf: DetailedPeerCertificate): DetailedPeerCertificate {
  let certificate = leaf;
  while (certificate.issuerCertificate !== undefined && certificate.issuerCertificate !== certificate)
    certificate = certificate.issuerCertificate;
  return certificate;
}

function pemOf(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
