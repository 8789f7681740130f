/** Longest hello read; those in use have 250 to 2,500 bytes. */
export const maxHelloBytes = 16_384;
const maxNames = 16;

const handshakeRecord = 22;
const clientHelloType = 1;

/** What a client offers, as it stands in its hello (RFC 8446 §4.1.2), GREASE values (RFC 8701) included. */
export interface ClientHello {
  readonly legacyVersion: number;
  readonly ciphers: readonly number[];
  /** Types of the extensions, in their order. */
  readonly extensions: readonly number[];
  readonly serverName: string | undefined;
  /** Each protocol's bytes as Latin-1. */
  readonly alpn: readonly string[];
  readonly supportedVersions: readonly number[];
  readonly signatureAlgorithms: readonly number[];
}

/** The hello, `more` when its end is not here yet, `none` when this is no client hello. */
export type HelloResult = ClientHello | 'more' | 'none';

/** Whether bytes begin as a record with a client hello does; fewer than six of them decide nothing and say no. */
export function beginsHello(bytes: Buffer, from: number, to: number): boolean {
  return (
    from + 6 <= to &&
    bytes[from] === handshakeRecord &&
    bytes[from + 1] === 3 &&
    bytes[from + 5] === clientHelloType
  );
}

/** Reads the client hello at the begin of a TLS stream, which may be spread over several records. */
export function readClientHello(bytes: Buffer, from: number, to: number): HelloResult {
  const message = handshakeMessage(bytes, from, to);
  if (typeof message === 'string') return message;
  return parseClientHello(message, 0, message.length) ?? 'none';
}

/** The body of the first handshake message, of the records put together. */
function handshakeMessage(bytes: Buffer, from: number, to: number): Buffer | 'more' | 'none' {
  const parts: Buffer[] = [];
  let have = 0;
  let need = 4;
  for (let at = from; have < need; ) {
    if (at + 5 > to) return 'more';
    if (bytes[at] !== handshakeRecord || bytes[at + 1] !== 3) return 'none';
    const length = bytes.readUInt16BE(at + 3);
    if (length === 0 || length > maxHelloBytes) return 'none';
    const part = bytes.subarray(at + 5, Math.min(to, at + 5 + length));
    parts.push(part);
    have += part.length;
    if (have >= 4 && need === 4) {
      const head = parts.length === 1 ? part : Buffer.concat(parts);
      if (head[0] !== clientHelloType) return 'none';
      need = 4 + head.readUIntBE(1, 3);
      if (need > maxHelloBytes) return 'none';
    }
    if (part.length < length && have < need) return 'more';
    at += 5 + length;
  }
  const whole = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
  return whole.subarray(4, need);
}

/** A length-prefixed part: where it begins and ends, or undefined when it is longer than what holds it. */
function vector(
  bytes: Buffer,
  at: number,
  end: number,
  width: 1 | 2,
): { from: number; to: number } | undefined {
  if (at + width > end) return undefined;
  const from = at + width;
  const to = from + bytes.readUIntBE(at, width);
  return to > end ? undefined : { from, to };
}

function parseClientHello(bytes: Buffer, start: number, end: number): ClientHello | undefined {
  if (start + 34 > end) return undefined;
  const session = vector(bytes, start + 34, end, 1);
  const ciphers = session && vector(bytes, session.to, end, 2);
  const compressions = ciphers && vector(bytes, ciphers.to, end, 1);
  if (ciphers === undefined || compressions === undefined) return undefined;
  const found: Extensions = { types: [], serverName: undefined, alpn: [], versions: [], algorithms: [] };
  // SSL 3.0 and early TLS may leave the extensions out altogether.
  if (compressions.to < end) {
    const list = vector(bytes, compressions.to, end, 2);
    if (list === undefined || !readExtensions(bytes, list.from, list.to, found)) return undefined;
  }
  return {
    legacyVersion: bytes.readUInt16BE(start),
    ciphers: numbers(bytes, ciphers.from, ciphers.to),
    extensions: found.types,
    serverName: found.serverName,
    alpn: found.alpn,
    supportedVersions: found.versions,
    signatureAlgorithms: found.algorithms,
  };
}

interface Extensions {
  readonly types: number[];
  serverName: string | undefined;
  alpn: readonly string[];
  versions: readonly number[];
  algorithms: readonly number[];
}

/** False when an extension is longer than what holds it. */
function readExtensions(bytes: Buffer, from: number, to: number, found: Extensions): boolean {
  for (let at = from; at < to; ) {
    const body = at + 4 <= to ? vector(bytes, at + 2, to, 2) : undefined;
    if (body === undefined) return false;
    const type = bytes.readUInt16BE(at);
    found.types.push(type);
    if (type === extension.serverName) found.serverName = serverName(bytes, body.from, body.to);
    else if (type === extension.alpn) found.alpn = alpn(bytes, body.from, body.to);
    else if (type === extension.signatureAlgorithms)
      found.algorithms = numberList(bytes, body.from, body.to, 2);
    else if (type === extension.supportedVersions) found.versions = numberList(bytes, body.from, body.to, 1);
    at = body.to;
  }
  return true;
}

/** Numbers of extensions (IANA, TLS ExtensionType Values). */
export const extension = {
  serverName: 0,
  signatureAlgorithms: 13,
  alpn: 16,
  supportedVersions: 43,
  encryptedClientHello: 0xfe0d,
} as const;

function numbers(bytes: Buffer, from: number, to: number): number[] {
  const list: number[] = [];
  for (let at = from; at + 2 <= to; at += 2) list.push(bytes.readUInt16BE(at));
  return list;
}

function numberList(bytes: Buffer, from: number, to: number, width: 1 | 2): number[] {
  const list = vector(bytes, from, to, width);
  return list === undefined ? [] : numbers(bytes, list.from, list.to);
}

/** The first host name of the list (RFC 6066 §3), in lower case; bytes that are no ASCII become U+FFFD. */
function serverName(bytes: Buffer, from: number, to: number): string | undefined {
  const list = vector(bytes, from, to, 2);
  if (list === undefined || list.from >= list.to || bytes[list.from] !== 0) return undefined;
  const name = vector(bytes, list.from + 1, list.to, 2);
  return name === undefined ? undefined : bytes.toString('utf8', name.from, name.to).toLowerCase();
}

function alpn(bytes: Buffer, from: number, to: number): string[] {
  const names: string[] = [];
  const list = vector(bytes, from, to, 2);
  if (list === undefined) return names;
  for (let at = list.from; at < list.to && names.length < maxNames; ) {
    const name = vector(bytes, at, list.to, 1);
    if (name === undefined) break;
    names.push(bytes.toString('latin1', name.from, name.to));
    at = name.to;
  }
  return names;
}
