/** What most attacks begin with: an API with users, and requests written out byte by byte. */
import { connect } from 'node:net';
import { pageHeaders } from '../collector/api/sample-accounts.ts';
import type { RunningApi } from '../collector/api/start.ts';

export const password = 'seven herons over the marsh';
const by = { id: 'test', name: 'test' };
const nowhere = { address: null, userAgent: null };

/** Makes a user with the password above; gives the headers of a page of theirs. */
export async function userPage(
  { deps, baseUrl }: RunningApi,
  name: string,
  role: 'viewer' | 'analyst' | 'responder' | 'rule-admin' | 'admin' = 'viewer',
): Promise<Record<string, string>> {
  const account = await deps.access.accounts.add({ name, displayName: '', role, password }, by);
  const { secret } = await deps.auth.beginSession(account, 'password', nowhere);
  return pageHeaders(baseUrl, secret);
}

export interface Route {
  readonly method: string;
  /** With values in place of its parameters. */
  readonly path: string;
  readonly permission: string | undefined;
  readonly body: Schema | undefined;
}

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

/** Every operation that the OpenAPI document names. */
export async function routesOf(api: RunningApi): Promise<readonly Route[]> {
  const answer = await fetch(`${api.baseUrl}/api/v1/openapi.json`, { headers: await api.bearer('admin') });
  const { paths } = (await answer.json()) as {
    paths: Record<
      string,
      Record<string, { description: string; requestBody?: { content: Record<string, { schema: Schema }> } }>
    >;
  };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path: path.replace(/\{\w+\}/g, 'x'),
      permission: /^Permission: ([\w-]+)\.$/.exec(operation.description)?.[1],
      body: operation.requestBody?.content['application/json']?.schema,
    })),
  );
}

/** Sends bytes as they are; resolves with all that comes back once the other side closes, or after `patienceMs`. */
export function sendRaw(baseUrl: string, bytes: string, patienceMs = 30_000): Promise<string> {
  const { hostname, port } = new URL(baseUrl);
  return new Promise((resolve) => {
    let got = '';
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    const timer = setTimeout(() => socket.destroy(), patienceMs);
    socket.on('data', (part) => {
      got += part.toString('latin1');
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(timer);
      resolve(got);
    });
  });
}

/** Status of each answer in what came back. */
export const statusesIn = (got: string) =>
  [...got.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
