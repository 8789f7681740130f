import { connect as connectPlain, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { VedetteError } from '#shared/errors.ts';

/** A proxy to go through by HTTP CONNECT (RFC 9110, 9.3.6). */
export interface Proxy {
  readonly host: string;
  readonly port: number;
  /** Whether the proxy itself is reached over TLS. */
  readonly isTls: boolean;
  /** Value of Proxy-Authorization. A secret. */
  readonly authorization: string | undefined;
}

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Longest head of a proxy's answer. */
const maxHeadBytes = 16 * 1024;

/** `host:port`, with brackets around an IPv6 address. */
export function endpointOf(address: string): Endpoint {
  const at = address.lastIndexOf(':');
  return { host: address.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(address.slice(at + 1)) };
}

function parseProxy(url: string): Proxy {
  // What is wrong with it is told without quoting it: it may hold a password.
  let parsed: URL;
  try {
    parsed = new URL(url.includes('://') ? url : `http://${url}`);
  } catch {
    throw new VedetteError('proxy.invalid', 'It is not a URL.');
  }
  const { protocol, hostname, port, username, password } = parsed;
  if (protocol !== 'http:' && protocol !== 'https:')
    throw new VedetteError('proxy.invalid', `A proxy of kind ${protocol} cannot be used.`);
  if (hostname === '') throw new VedetteError('proxy.invalid', 'It names no host.');
  let pair: string;
  try {
    pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  } catch {
    throw new VedetteError('proxy.invalid', 'Its name or password is not well encoded.');
  }
  const isTls = protocol === 'https:';
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (isTls ? 443 : 80) : Number(port),
    isTls,
    authorization: username === '' ? undefined : `Basic ${Buffer.from(pair).toString('base64')}`,
  };
}

/**
 * Whether the endpoint is exempt from HTTPS_PROXY: it is this machine, or NO_PROXY names it by `*`, a name it is or is
 * under, or an address, each with `:port` or without.
 */
function isExempt({ host, port }: Endpoint, list: string): boolean {
  const name = host.toLowerCase();
  if (name === 'localhost' || name === '::1' || /^127\.\d+\.\d+\.\d+$/.test(name)) return true;
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      const [, named = entry, ofPort] = isIP(entry) === 6 ? [] : (/^(.+):(\d+)$/.exec(entry) ?? []);
      if (ofPort !== undefined && Number(ofPort) !== port) return false;
      const domain = named.replace(/^\[|\]$/g, '').replace(/^\*?\./, '');
      return entry === '*' || name === domain || (isIP(name) === 0 && name.endsWith(`.${domain}`));
    });
}

/**
 * The proxy to go through to the endpoint; undefined to go there directly. `setting` goes before the environment's
 * HTTPS_PROXY and NO_PROXY: a URL, `direct` for none, or empty to ask the environment. Throws `proxy.invalid`.
 */
export function proxyFor(
  endpoint: Endpoint,
  setting: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Proxy | undefined {
  if (setting === 'direct') return undefined;
  if (setting !== '') return parseProxy(setting);
  const url = env['HTTPS_PROXY'] || env['https_proxy'];
  const exempt = env['NO_PROXY'] || env['no_proxy'] || '';
  return !url || isExempt(endpoint, exempt) ? undefined : parseProxy(url);
}

function refusalOf(head: string, proxy: Proxy): VedetteError | undefined {
  const line = head.slice(0, head.indexOf('\r\n'));
  const status = /^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(line)?.[1];
  const where = `${proxy.host}:${proxy.port}`;
  if (status === undefined) return new VedetteError('proxy.refused', `${where} does not answer in HTTP.`);
  if (status === '407') return new VedetteError('proxy.authentication_refused', `${where} answered 407.`);
  if (!status.startsWith('2')) return new VedetteError('proxy.refused', `${where} answered ${status}.`);
  return undefined;
}

/**
 * A connection through the proxy to the endpoint, nothing sent on it yet. Rejects with `proxy.unreachable`,
 * `proxy.authentication_refused`, `proxy.refused` or `proxy.stalled`, that also when `stopping` aborts.
 */
export function tunnel(
  proxy: Proxy,
  { host, port }: Endpoint,
  limitMs: number,
  stopping?: AbortSignal,
): Promise<Socket> {
  const target = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
  const where = `${proxy.host}:${proxy.port}`;
  return new Promise((resolve, reject) => {
    const to = { host: proxy.host, port: proxy.port };
    const socket: Socket = proxy.isTls
      ? connectTls({ ...to, ...(isIP(proxy.host) === 0 && { servername: proxy.host }) })
      : connectPlain(to);
    let head = Buffer.alloc(0);
    const onStop = () => end(new VedetteError('proxy.stalled', `${where} did not answer before the end.`));
    const settle = () => {
      clearTimeout(limit);
      stopping?.removeEventListener('abort', onStop);
    };
    const end = (error: VedetteError) => {
      settle();
      socket.destroy();
      reject(error);
    };
    const limit = setTimeout(
      () => end(new VedetteError('proxy.stalled', `${where} did not answer within ${limitMs} ms.`)),
      limitMs,
    );
    const onError = (error: Error) =>
      end(new VedetteError('proxy.unreachable', `${where}: ${error.message}.`));
    const onClose = () => end(new VedetteError('proxy.refused', `${where} closed the connection.`));
    const onData = (part: Buffer) => {
      head = Buffer.concat([head, part]);
      const at = head.indexOf('\r\n\r\n');
      if (at < 0) {
        if (head.length > maxHeadBytes)
          end(new VedetteError('proxy.refused', `${where} does not answer in HTTP.`));
        return;
      }
      const refusal = refusalOf(head.toString('latin1'), proxy);
      if (refusal !== undefined) {
        end(refusal);
        return;
      }
      settle();
      socket.off('error', onError).off('close', onClose).off('data', onData).pause();
      // TLS, which goes over it, tells of its end.
      socket.on('error', () => undefined);
      if (head.length > at + 4) socket.unshift(head.subarray(at + 4));
      resolve(socket);
    };
    socket.once(proxy.isTls ? 'secureConnect' : 'connect', () => {
      const authorization =
        proxy.authorization === undefined ? '' : `Proxy-Authorization: ${proxy.authorization}\r\n`;
      socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${authorization}\r\n`);
    });
    stopping?.addEventListener('abort', onStop);
    socket.on('error', onError).on('close', onClose).on('data', onData);
  });
}
