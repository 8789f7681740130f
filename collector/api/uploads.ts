import type { FastifyInstance } from 'fastify';
import type { Operation } from './operation.ts';

/** Bodies that are bytes. Only operations that declare them take any; others refuse what is not JSON. */
export function acceptUploads(app: FastifyInstance, operations: readonly Operation[]): void {
  const types = new Set(operations.flatMap(({ accepts }) => (accepts === undefined ? [] : [accepts.type])));
  for (const type of types)
    app.addContentTypeParser(type, { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
}

/** What the route says of a body of bytes: Fastify validates by content type, and this schema takes anything. */
export function uploadSchema({ accepts }: Operation) {
  if (accepts === undefined) return {};
  const schema = { contentMediaType: accepts.type, description: accepts.description };
  return { body: { content: { [accepts.type]: { schema } } } };
}
