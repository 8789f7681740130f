import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import type { ApiDeps } from './deps.ts';
import { graphqlPath } from './graphql/path.ts';
import { admit, isSecure } from './guard.ts';
import { apiPrefix } from './operation.ts';

/** Must be registered before the routes it documents. */
export async function documentation(app: FastifyInstance, deps: ApiDeps): Promise<void> {
  await app.register(swagger, {
    // GraphQL says itself what it has.
    transform: ({ schema, url }) => ({
      schema: url === graphqlPath ? { ...schema, hide: true } : schema,
      url,
    }),
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Vedette',
        version: '1',
        description:
          'Everything the collector knows. Instants are ISO 8601 in UTC with microseconds. Failures are problem documents with a code of docs/reference/errors.md. A POST with the header Idempotency-Key is done once: the same again within a day gives the same answer. Answers to GET carry an ETag.',
      },
      components: {
        securitySchemes: {
          token: { type: 'http', scheme: 'bearer', description: 'A token made for a machine.' },
          session: {
            type: 'apiKey',
            in: 'cookie',
            name: 'vedette_session',
            description:
              'A browser session. What changes something also needs an Origin of our own and the header X-Vedette-Request.',
          },
        },
      },
      security: [{ token: [] }, { session: [] }],
    },
  });
  app.get(
    `${apiPrefix}/openapi.json`,
    {
      schema: { hide: true },
      onRequest: async (request) => {
        await admit(request, deps.auth, isSecure(deps), 'signed-in');
      },
    },
    () => app.swagger(),
  );
}
