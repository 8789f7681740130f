import { request as http, type IncomingMessage } from 'node:http';
import { request as https } from 'node:https';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { catalogue, type ErrorCode, VedetteError } from '#shared/errors.ts';
import { readText } from '#shared/files.ts';
import { collectorName } from '#shared/protocol/identity.ts';
import { dataFolder } from '#shared/terminal.ts';
import { findProfile, type Profile } from './login/profiles.ts';

/** Where a collector is and how to come in. */
export interface Access {
  readonly api: string;
  readonly token: string | undefined;
  /** Cookie of a session, in place of a token: while signing in. */
  readonly cookie?: string;
  /** PEM of the collector's CA, for an API served over TLS. */
  readonly ca: string | undefined;
  /** Name that its certificate is held against, where not the one of the URL. */
  readonly serverName?: string;
}

const timeoutMs = 30_000;

/**
 * In this order: the collector of `--collector` or VEDETTE_COLLECTOR, signed in to before; the one of the data folder,
 * named or the usual one, as it wrote itself down there; the one signed in to last. Throws `usage.no_collector`.
 */
export function accessOf(data: string | undefined, collector?: string): Access {
  const named = collector ?? (data === undefined ? process.env['VEDETTE_COLLECTOR'] : undefined);
  if (named !== undefined && named !== '') {
    const profile = findProfile(named);
    if (profile !== undefined) return accessBy(profile);
    throw new VedetteError(
      'usage.no_collector',
      `Nobody signed in to ${named} from here: \`vedette login ${named}\`.`,
    );
  }
  const folder = dataFolder(data);
  const local = localAccess(folder);
  if (local !== undefined) return local;
  const isNamed = data !== undefined || (process.env['VEDETTE_DATA'] ?? '') !== '';
  const profile = isNamed ? undefined : findProfile(undefined);
  if (profile !== undefined) return accessBy(profile);
  throw new VedetteError('usage.no_collector', `${folder} holds no running collector.`);
}

function accessBy({ url, token, ca, serverName }: Profile): Access {
  return { api: url, token, ca: ca ?? undefined, ...(serverName !== null && { serverName }) };
}

/** As a running collector wrote it into its data folder; undefined when none has been started on it. */
function localAccess(folder: string): Access | undefined {
  const run = readText(join(folder, 'run.json'));
  const token = readText(join(folder, 'cli.token'))?.trim();
  if (run === undefined || token === undefined) return undefined;
  try {
    const { api } = JSON.parse(run) as { api: string };
    return {
      api,
      token,
      ca: readText(join(folder, 'pki', 'trust.crt')) ?? readText(join(folder, 'pki', 'ca.crt')),
      // Whatever it listens on, 0.0.0.0 for all, is not what its certificate names.
      ...(api.startsWith('https:') && { serverName: collectorName }),
    };
  } catch (error) {
    throw new VedetteError('data.corrupt', `${join(folder, 'run.json')} cannot be read.`, { cause: error });
  }
}

type Knock =
  | { readonly user: string; readonly password: string; readonly code?: string }
  | { readonly secret: string };

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly cookies: readonly string[];
}

/** What a page sends along with a cookie, to show that no other site made it (api/guard.ts). */
function credentialsOf({ token, cookie, api }: Access): Record<string, string> {
  if (cookie !== undefined) return { cookie, origin: api, 'x-vedette-request': '1' };
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

/** How its TLS is checked. */
function tlsOf({ ca, serverName }: Access) {
  return { ca, ...(serverName !== undefined && { servername: serverName }) };
}

function payloadOf(body: unknown): string | Uint8Array | undefined {
  return body === undefined || body instanceof Uint8Array ? body : JSON.stringify(body);
}

function headersOf(payload: string | Uint8Array | undefined, access: Access): Record<string, string> {
  const type = payload instanceof Uint8Array ? 'application/octet-stream' : 'application/json';
  return {
    ...credentialsOf(access),
    ...(payload !== undefined && {
      'content-type': type,
      'content-length': String(Buffer.byteLength(payload)),
    }),
  };
}

function send(url: URL, access: Access, method: string, body: unknown, timeout = timeoutMs): Promise<Answer> {
  const payload = payloadOf(body);
  const headers = headersOf(payload, access);
  const call = url.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const options = { method, headers, ...tlsOf(access), timeout };
    const request = call(url, options, (response) => answerOf(response).then(resolve, reject));
    request.on('timeout', () =>
      request.destroy(new VedetteError('wire.stalled', 'The collector did not answer in time.')),
    );
    request.on('error', (error: NodeJS.ErrnoException) => reject(reachable(error, access)));
    request.end(payload);
  });
}

interface Opening {
  readonly method: 'GET' | 'POST';
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** Begins a request whose answer may take as long as it likes; resolves with the head of it. */
function open(url: URL, access: Access, { method, body, signal }: Opening): Promise<IncomingMessage> {
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const headers = {
    ...credentialsOf(access),
    ...(payload !== undefined && { 'content-type': 'application/json' }),
  };
  const call = url.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const request = call(url, { method, headers, ...tlsOf(access), signal }, resolve);
    request.on('error', (error: NodeJS.ErrnoException) => reject(reachable(error, access)));
    request.end(payload);
  });
}

/** The API of a running collector, as the CLI's token. Rejects with the coded error of the API. */
export class Client {
  readonly #access: Access;

  constructor(access: Access) {
    this.#access = access;
  }

  #url(path: string, query: Query): URL {
    const url = new URL(`/api/v1${path}`, this.#access.api);
    for (const [name, value] of Object.entries(query)) {
      if (value === undefined) continue;
      for (const one of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(one));
    }
    return url;
  }

  /** A body of bytes is sent as it is. `patienceMs` is how long the answer may take where that is long. */
  async call<T>(
    method: string,
    path: string,
    query: Query = {},
    body?: unknown,
    patienceMs?: number,
  ): Promise<T> {
    const answer = await send(this.#url(path, query), this.#access, method, body, patienceMs);
    if (answer.status >= 200 && answer.status < 300)
      return (answer.body === '' ? undefined : JSON.parse(answer.body)) as T;
    throw problemOf(answer);
  }

  /** The lines of an answer that is streamed, each as it comes. */
  async *lines<T>(path: string, query: Query = {}): AsyncGenerator<T> {
    const response = await open(this.#url(path, query), this.#access, { method: 'GET' });
    if (response.statusCode !== 200) throw problemOf(await answerOf(response));
    try {
      for await (const line of createInterface({ input: response })) yield JSON.parse(line) as T;
    } finally {
      // Whoever stops reading ends the request.
      if (!response.complete) response.destroy();
    }
    if (!response.complete) throw new VedetteError('wire.stalled', 'The answer ended in the middle.');
  }

  /** An answer that comes about while it is read; an aborted signal ends it. */
  async stream(path: string, body: unknown, signal: AbortSignal): Promise<IncomingMessage> {
    const url = new URL(`/api/v1${path}`, this.#access.api);
    const response = await open(url, this.#access, { method: 'POST', body, signal });
    if (response.statusCode === 200) return response;
    throw problemOf(await answerOf(response));
  }

  /** An answer of bytes. */
  async download(path: string): Promise<Uint8Array> {
    const response = await open(this.#url(path, {}), this.#access, { method: 'GET' });
    if (response.statusCode !== 200) throw problemOf(await answerOf(response));
    const parts: Uint8Array[] = [];
    for await (const part of response) parts.push(part as Uint8Array);
    if (!response.complete) throw new VedetteError('wire.stalled', 'The answer ended in the middle.');
    return Buffer.concat(parts);
  }

  /** Signs in with name and password, or the secret of a link; gives the client of the session. */
  async begin(knock: Knock): Promise<Client> {
    const answer = await send(this.#url('/session', {}), this.#access, 'POST', knock);
    if (answer.status !== 201) throw problemOf(answer);
    const cookie = answer.cookies.map((set) => set.split(';')[0] ?? '').join('; ');
    return new Client({ ...this.#access, cookie });
  }

  get<T>(path: string, query?: Query): Promise<T> {
    return this.call<T>('GET', path, query);
  }
}

async function answerOf(response: IncomingMessage): Promise<Answer> {
  let body = '';
  response.setEncoding('utf8');
  for await (const part of response) body += part;
  return { status: response.statusCode ?? 0, body, cookies: response.headers['set-cookie'] ?? [] };
}

function reachable(error: NodeJS.ErrnoException, access: Access): Error {
  const isGone = error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET';
  return isGone ? new VedetteError('usage.no_collector', `Nothing answers at ${access.api}.`) : error;
}

export type Query = Readonly<Record<string, string | number | readonly string[] | undefined>>;

function problemOf({ status, body }: Pick<Answer, 'status' | 'body'>): VedetteError {
  try {
    const problem = JSON.parse(body) as { code?: string; detail?: string };
    if (problem.code !== undefined && Object.hasOwn(catalogue, problem.code)) {
      return new VedetteError(problem.code as ErrorCode, problem.detail ?? '');
    }
  } catch {
    // Not JSON: told below.
  }
  return new VedetteError('api.internal', `The collector answered ${status}.`);
}
