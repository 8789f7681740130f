import { request as http, type IncomingMessage } from 'node:http';
import { request as https } from 'node:https';
import { join } from 'node:path';
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

function send(url: URL, access: Access, method: string, body: unknown): Promise<Answer> {
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const headers = {
    authorization: `Bearer ${access.token}`,
    ...(payload !== undefined && { 'content-type': 'application/json' }),
  };
  const call = url.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const request = call(url, { method, headers, ca: access.ca, timeout: timeoutMs }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
      });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    request.on('timeout', () =>
      request.destroy(new VedetteError('wire.stalled', 'The collector did not answer in time.')),
    );
    request.on('error', (error: NodeJS.ErrnoException) => {
      const isGone = error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET';
      reject(isGone ? new VedetteError('usage.no_collector', `Nothing answers at ${access.api}.`) : error);
    });
    request.end(payload);
  });
}

/** Begins a request whose answer may take as long as it likes. */
function open(url: URL, access: Access, body: unknown, signal: AbortSignal): Promise<IncomingMessage> {
  const payload = JSON.stringify(body);
  const headers = { authorization: `Bearer ${access.token}`, 'content-type': 'application/json' };
  const call = url.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const request = call(url, { method: 'POST', headers, ca: access.ca, signal }, resolve);
    request.on('error', (error: NodeJS.ErrnoException) => {
      const isGone = error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET';
      reject(isGone ? new VedetteError('usage.no_collector', `Nothing answers at ${access.api}.`) : error);
    });
    request.end(payload);
  });
}

/** The API of a running collector, as the CLI's token. Rejects with the coded error of the API. */
export class Client {
  readonly #access: Access;

  constructor(access: Access) {
    this.#access = access;
  }

  async call<T>(method: string, path: string, query: Query = {}, body?: unknown): Promise<T> {
    const url = new URL(`/api/v1${path}`, this.#access.api);
    for (const [name, value] of Object.entries(query)) {
      if (value === undefined) continue;
      for (const one of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(one));
    }
    const answer = await send(url, this.#access, method, body);
    if (answer.status >= 200 && answer.status < 300)
      return (answer.body === '' ? undefined : JSON.parse(answer.body)) as T;
    throw problemOf(answer);
  }

  /** An answer that comes about while it is read; an aborted signal ends it. */
  async stream(path: string, body: unknown, signal: AbortSignal): Promise<IncomingMessage> {
    const url = new URL(`/api/v1${path}`, this.#access.api);
    const response = await open(url, this.#access, body, signal);
    if (response.statusCode === 200) return response;
    let text = '';
    for await (const part of response.setEncoding('utf8')) text += part as string;
    throw problemOf({ status: response.statusCode ?? 0, body: text });
  }

  get<T>(path: string, query?: Query): Promise<T> {
    return this.call<T>('GET', path, query);
  }
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
