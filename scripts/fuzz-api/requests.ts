/** Requests that nobody in their right mind would send, made of what the OpenAPI document says of each operation. */

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
}
interface Documented {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: Shape }>> };
}
export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Documented>>>>;
}
interface Shape {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
  readonly enum?: readonly unknown[];
}

export interface FuzzedRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | undefined;
  /** `GET /api/v1/hosts/{id}`. */
  readonly operation: string;
}

const texts = [
  ...['', ' ', '0', '-1', '1e309', 'NaN', 'null', 'true', '..', '../../etc/passwd', '%2e%2e%2f', '\0', '%00'],
  ...[
    "' OR 1=1 --",
    '"; DROP TABLE alert; --',
    '<script>alert(1)</script>',
    '$' + '{7*7}',
    '{{7*7}}',
    '\r\nset-cookie: a=b',
  ],
  ...[
    '\ud800',
    '\u202e',
    '💥',
    'é'.repeat(100),
    'a'.repeat(5000),
    '__proto__',
    'constructor',
    'prototype',
    'toString',
  ],
  ...[
    '2026-01-01T00:00:00Z',
    '9999-99-99T99:99:99Z',
    '-000001-01-01T00:00:00Z',
    'process.name:curl',
    '((((',
    'a:*'.repeat(50),
  ],
  ...[
    'h1',
    'admin',
    'all',
    '*',
    '[',
    '(?=',
    '/a/b',
    'http://169.254.169.254/',
    'file:///etc/passwd',
    '::1',
    '0.0.0.0/0',
  ],
] as const;

/** Whether an operation would end the run: it signs the one who asks out, or holds what it is given open. */
const left = (method: string, path: string): boolean =>
  (method === 'DELETE' && path === '/api/v1/session') || path.endsWith('/feed');

/** Operations of the document that may be asked. */
export function operationsOf({
  paths,
}: OpenApi): readonly { readonly method: string; readonly path: string; readonly of: Documented }[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([verb, of]) => {
      const method = verb.toUpperCase();
      return left(method, path) ? [] : [{ method, path, of }];
    }),
  );
}

/** Makes requests from chance alone, so that a seed gives them again. `known` are ids that exist. */
export function requester(document: OpenApi, random: () => number, known: readonly string[]) {
  const operations = operationsOf(document);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const text = (): string => (random() < 0.2 ? pick(known) : pick(texts));
  const value = (depth: number): unknown => {
    const kind = random();
    if (depth > 3 || kind < 0.4) return text();
    if (kind < 0.5) return pick([0, -1, 1.5, 1e300, 2 ** 53, -0]);
    if (kind < 0.6) return pick([true, false, null]);
    const many = Math.floor(random() * 4);
    if (kind < 0.8) return Array.from({ length: many }, () => value(depth + 1));
    return Object.fromEntries(Array.from({ length: many }, () => [text(), value(depth + 1)]));
  };
  /** Mostly what the schema says, so that it gets past the first check. */
  const shaped = (shape: Shape | undefined, depth: number): unknown => {
    if (shape === undefined || depth > 4 || random() < 0.15) return value(depth);
    if (shape.enum !== undefined && random() < 0.9) return pick(shape.enum);
    const type = typeof shape.type === 'string' ? shape.type : shape.type?.[0];
    switch (type) {
      case 'object': {
        const own = Object.entries(shape.properties ?? {}).filter(() => random() < 0.85);
        const made = Object.fromEntries(own.map(([name, of]) => [name, shaped(of, depth + 1)]));
        return random() < 0.1 ? { ...made, [text()]: value(depth) } : made;
      }
      case 'array':
        return Array.from({ length: Math.floor(random() * 4) }, () => shaped(shape.items, depth + 1));
      case 'integer':
      case 'number':
        return pick([0, 1, 2, 10, 100, -1, 1e9, 0.5]);
      case 'boolean':
        return random() < 0.5;
      default:
        return text();
    }
  };
  const bodyOf = ({
    requestBody,
  }: Documented): { readonly type: string; readonly body: string | Uint8Array } | undefined => {
    const entry = Object.entries(requestBody?.content ?? {})[0];
    if (entry === undefined || random() < 0.05) return undefined;
    const [type, { schema }] = entry;
    if (type !== 'application/json') {
      const bytes = Uint8Array.from({ length: Math.floor(random() * 300) }, () => Math.floor(random() * 256));
      return { type, body: random() < 0.3 ? text() : bytes };
    }
    const json = JSON.stringify(shaped(schema, 0)) ?? '';
    if (random() < 0.05) return { type, body: json.slice(0, Math.floor(random() * json.length)) };
    if (random() < 0.03)
      return { type, body: `{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"x":1}}}` };
    return { type: random() < 0.03 ? text().replace(/[^\x20-\x7e]/g, '') || 'text/plain' : type, body: json };
  };
  return (): FuzzedRequest => {
    const { method, path, of } = pick(operations);
    const segment = () => encodeURIComponent(text().toWellFormed()) || '%20';
    let filled = path.replace(/\{[^}]+\}/g, segment);
    const query = new URLSearchParams();
    for (const { name, in: where } of of.parameters ?? [])
      if (where === 'query' && random() < 0.4) query.append(name, text());
    if (random() < 0.05) query.append(text(), text());
    if (random() < 0.02) filled += `/${segment()}`;
    const asked = query.toString();
    const sent = bodyOf(of);
    return {
      ...{ method, operation: `${method} ${path}` },
      path: asked === '' ? filled : `${filled}?${asked}`,
      headers: {
        ...(sent !== undefined && { 'content-type': sent.type }),
        ...(random() < 0.05 && { 'idempotency-key': text().replace(/[^\x20-\x7e]/g, '') }),
        ...(random() < 0.05 && { 'if-none-match': text().replace(/[^\x20-\x7e]/g, '') }),
      },
      body: sent?.body,
    };
  };
}
