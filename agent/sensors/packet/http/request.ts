import { withoutSecrets } from './secret-parameters.ts';

/** Bytes of a request read: its line and header fields up to here. */
export const maxRequestBytes = 8192;
/** Header fields gone through. */
const maxFields = 100;

/** Methods by which a request is known: those of RFC 9110, PATCH, and of WebDAV what attackers use. */
export const methods = [
  'GET',
  'POST',
  'HEAD',
  'PUT',
  'DELETE',
  'OPTIONS',
  'CONNECT',
  'TRACE',
  'PATCH',
  'PROPFIND',
] as const;

/** A request over HTTP/1 (RFC 9112). Texts are as they came, with bytes as Latin-1. */
export interface HttpRequest {
  readonly method: string;
  readonly version: string;
  readonly full: string;
  readonly domain: string | undefined;
  readonly path: string | undefined;
  readonly query: string | undefined;
  readonly extension: string | undefined;
  readonly userAgent: string | undefined;
  readonly referrer: string | undefined;
  readonly mimeType: string | undefined;
  readonly bodyBytes: number | undefined;
}

/** Whether bytes begin with a method and a space. */
export function beginsRequest(bytes: Buffer, from: number, to: number): boolean {
  const first = bytes[from];
  if (to - from < 5 || first === undefined || first < 0x43 || first > 0x54) return false;
  return methods.some((method) => to - from > method.length && startsWith(bytes, from, method));
}

function startsWith(bytes: Buffer, at: number, method: string): boolean {
  for (let i = 0; i < method.length; i++) if (bytes[at + i] !== method.charCodeAt(i)) return false;
  return bytes[at + method.length] === 0x20;
}

const requestLine = /^([A-Z]{3,16}) (\S+) HTTP\/(1\.[01])$/;

/**
 * The request at the begin of a stream; `more` while its header is not complete, unless `isAll` says that nothing
 * more will come; `none` when it is no request of HTTP/1.
 */
export function readRequest(
  bytes: Buffer,
  from: number,
  to: number,
  isAll: boolean,
): HttpRequest | 'more' | 'none' {
  const end = Math.min(to, from + maxRequestBytes);
  const text = bytes.toString('latin1', from, end);
  const lineEnd = text.indexOf('\n');
  const isCut = isAll || end < to || end - from >= maxRequestBytes;
  if (lineEnd === -1) return isCut ? 'none' : 'more';
  const line = requestLine.exec(text.slice(0, lineEnd).replace(/\r$/, ''));
  if (line === null) return 'none';
  const headEnd = text.search(/\n\r?\n/);
  if (headEnd === -1 && !isCut) return 'more';
  const [, method = '', target = '', version = ''] = line;
  const lines = text.slice(lineEnd + 1, headEnd === -1 ? undefined : headEnd).split('\n');
  // The last line may have been cut in the middle of a value.
  if (headEnd === -1) lines.pop();
  return requestOf(method, target, version, fieldsOf(lines));
}

type Fields = ReadonlyMap<string, string>;
const wanted: ReadonlySet<string> = new Set([
  'host',
  'user-agent',
  'referer',
  'content-type',
  'content-length',
]);

/** The first of each wanted header field; folded lines (obsolete) are left out. */
function fieldsOf(lines: readonly string[]): Fields {
  const fields = new Map<string, string>();
  for (const line of lines.slice(0, maxFields)) {
    const colon = line.indexOf(':');
    if (colon < 1 || colon > 32) continue;
    const name = line.slice(0, colon).toLowerCase();
    if (wanted.has(name) && !fields.has(name)) fields.set(name, line.slice(colon + 1).trim());
  }
  return fields;
}

const absoluteTarget = /^(https?):\/\/([^/?#]*)([^#]*)/i;

function requestOf(method: string, target: string, version: string, fields: Fields): HttpRequest {
  const absolute = absoluteTarget.exec(target);
  const authority = absolute?.[2] ?? (method === 'CONNECT' ? target : fields.get('host'));
  // What stands before an @ is a name and a password.
  const host = authority?.slice(authority.lastIndexOf('@') + 1).toLowerCase();
  const local = method === 'CONNECT' ? '' : (absolute?.[3] ?? target);
  const mark = local.indexOf('?');
  const path = mark === -1 ? local : local.slice(0, mark);
  const query = mark === -1 ? undefined : withoutSecrets(local.slice(mark + 1));
  const rest = query === undefined ? path : `${path}?${query}`;
  const scheme = absolute?.[1]?.toLowerCase() ?? 'http';
  const length = fields.get('content-length');
  return {
    method,
    version,
    full: method === 'CONNECT' ? (host ?? '') : host === undefined ? rest : `${scheme}://${host}${rest}`,
    domain: host === undefined || host === '' ? undefined : withoutPort(host),
    path: path === '' ? undefined : path,
    query,
    extension: /\.([0-9A-Za-z]{1,16})$/.exec(path)?.[1],
    userAgent: fields.get('user-agent'),
    referrer: refererOf(fields.get('referer')),
    mimeType: fields.get('content-type'),
    bodyBytes: length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined,
  };
}

function withoutPort(host: string): string {
  return host.startsWith('[')
    ? host.slice(1, host.includes(']') ? host.indexOf(']') : undefined)
    : host.replace(/:\d*$/, '');
}

/** With name, password and secret parameters taken out. */
function refererOf(referer: string | undefined): string | undefined {
  if (referer === undefined) return undefined;
  const plain = referer.replace(/^(\w+:\/\/)[^/?#]*@/, '$1');
  const mark = plain.indexOf('?');
  return mark === -1 ? plain : `${plain.slice(0, mark)}?${withoutSecrets(plain.slice(mark + 1))}`;
}
