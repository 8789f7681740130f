import type { Readable } from 'node:stream';
import type { Client } from '../auth/auth.ts';
import type { Caller, Permission } from '../auth/permissions.ts';
import type { ApiDeps } from './deps.ts';
import type { FeedCounters } from './feed/counters.ts';
import type { Fields, FromSchema, Properties, Schema } from './schema.ts';

export const apiPrefix = '/api/v1';

type NoFields = Fields<Record<never, never>, Record<never, never>>;
// biome-ignore lint/suspicious/noExplicitAny: a constraint over every instantiation; `unknown` is not one here.
type AnyFields = Fields<any, any>;

export interface Call<P, Q, B> {
  readonly deps: ApiDeps;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  /** The body of operations that take bytes; empty in others. */
  readonly upload: Uint8Array;
  /** Who asks; absent in operations that are open. */
  readonly caller: Caller | undefined;
  readonly client: Client;
  /** Asked on the collector's own machine, by no proxy. */
  readonly isLocal: boolean;
  /** Where the caller reached us, e.g. `http://127.0.0.1:7080`. */
  readonly baseUrl: string;
  /** Microseconds since the epoch. */
  readonly now: number;
  /** Aborted when the connection closes. */
  readonly closed: AbortSignal;
  readonly feed: Readonly<FeedCounters>;
  /** Status of the answer where it is not the usual one. */
  readonly setStatus: (status: number) => void;
  readonly setHeader: (name: string, value: string) => void;
  /** Hands the browser a session, or takes it away. */
  readonly setSession: (secret: string | null, expiresAt: number | null) => void;
  /** What the browser shows for having signed in before. */
  readonly device: string | undefined;
  readonly setDevice: (secret: string, expiresAt: number) => void;
}

interface Declaration<P extends AnyFields, Q extends AnyFields, B extends AnyFields, O extends Schema> {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Under `/api/v1`, in Fastify's form: `/hosts/:id`. */
  readonly path: string;
  /** The path is the whole one, outside of `/api/v1`. */
  readonly isTop?: true;
  /** What the caller must be allowed; `signed-in` any credential, `open` none. */
  readonly permission: Permission | 'signed-in' | 'open';
  readonly summary: string;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  /** A body of bytes, instead of `body`. */
  readonly accepts?: { readonly type: string; readonly maxBytes: number; readonly description: string };
  /** Schema of the answer; without it the answer is 204 and empty. */
  readonly output?: O;
  /** Content types of an answer that is a `Streamed`, instead of `output`, with what each holds. */
  readonly produces?: Readonly<Record<string, string>>;
  /** How long the handler may take, where not as long as usual. */
  readonly timeoutMs?: number;
  /** Bytes its body may have, where more than usual. */
  readonly maxBodyBytes?: number;
  /** 200 unless told. */
  readonly created?: true;
  /** Requests one address may make in a minute. */
  readonly perMinute?: number;
  readonly handler: (
    call: Call<FromSchema<P>, FromSchema<Q>, FromSchema<B>>,
  ) => Promise<FromSchema<O>> | FromSchema<O>;
}

/** An answer that leaves as it comes about. */
export class Streamed {
  readonly contentType: string;
  readonly body: Readable;
  readonly headers: Readonly<Record<string, string>>;

  constructor(contentType: string, body: Readable, headers: Readonly<Record<string, string>> = {}) {
    this.contentType = contentType;
    this.body = body;
    this.headers = headers;
  }
}

/** The whole path of an operation. */
export function urlOf({ path, isTop }: Pick<Operation, 'path' | 'isTop'>): string {
  return isTop ? path : `${apiPrefix}${path}`;
}

/** A declared operation, its types forgotten: what the registrar takes. */
export interface Operation extends Omit<Declaration<AnyFields, AnyFields, AnyFields, Schema>, 'handler'> {
  readonly handler: (call: Call<unknown, unknown, unknown>) => unknown;
}

/** Declares one operation; its handler is typed by its schemas. */
export function operation<
  const O extends Schema,
  const P extends AnyFields = NoFields,
  const Q extends AnyFields = NoFields,
  const B extends AnyFields = NoFields,
>(declaration: Declaration<P, Q, B, O>): Operation {
  return declaration as unknown as Operation;
}

/** The caller, in operations that are not open. */
export function callerOf(call: { readonly caller: Caller | undefined }): Caller {
  if (call.caller === undefined) throw new Error('This operation is open: it has no caller.');
  return call.caller;
}

export type { Properties };
