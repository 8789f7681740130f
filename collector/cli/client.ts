import { request as http, type IncomingMessage } from 'node:http';
import { request as https } from 'node:https';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { catalogue, type ErrorCode, VedetteError } from '#shared/errors.ts';
import { readText } from '#shared/files.ts';
import { dataFolder } from '#shared/terminal.ts';

/** Where a running collector is and how to come in, as it wrote it into its data folder. */
export interface Access {
  readonly api: string;
  readonly token: string;
  /** PEM of the collector's CA, for an API served over TLS. */
  readonly ca: string | undefined;
}

const timeoutMs = 30_000;

/** Throws `usage.no_collector` when none has been started on the folder. */
export function accessOf(data: string | undefined): Access {
  const folder = dataFolder(data);
  const run = readText(join(folder, 'run.json'));
  const token = readText(join(folder, 'cli.token'))?.trim();
  if (run === undefined || token === undefined) {
    throw new VedetteError('usage.no_collector', `${folder} holds no running collector.`);
  }
  try {
    const { api } = JSON.parse(run) as { api: string };
    return {
      api,
      token,
      ca: readText(join(folder, 'pki', 'trust.crt')) ?? readText(join(folder, 'pki', 'ca.crt')),
    };
  } catch (error) {
    throw new VedetteError('data.corrupt', `${join(folder, 'run.json')} cannot be read.`, { cause: error });
  }
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

function payloadOf(body: unknown): string | Uint8Array | undefined {
  return body === undefined || body instanceof Uint8Array ? body : JSON.stringify(body);
}

function headersOf(payload: string | Uint8Array | undefined, access: Access): Record<string, string> {
  const type = payload instanceof Uint8Array ? 'application/octet-stream' : 'application/json';
  return {
    authorization: `Bearer ${access.token}`,
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
    const options = { method, headers, ca: access.ca, timeout };
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
    authorization: `Bearer ${access.token}`,
    ...(payload !== undefined && { 'content-type': 'application/json' }),
  };
  const call = url.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const request = call(url, { method, headers, ca: access.ca, signal }, resolve);
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

  get<T>(path: string, query?: Query): Promise<T> {
    return this.call<T>('GET', path, query);
  }
}

async function answerOf(response: IncomingMessage): Promise<Answer> {
  let body = '';
  response.setEncoding('utf8');
  for await (const part of response) body += part;
  return { status: response.statusCode ?? 0, body };
}

function reachable(error: NodeJS.ErrnoException, access: Access): Error {
  const isGone = error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET';
  return isGone ? new VedetteError('usage.no_collector', `Nothing answers at ${access.api}.`) : error;
}

export type Query = Readonly<Record<string, string | number | readonly string[] | undefined>>;

function problemOf({ status, body }: Answer): VedetteError {
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
