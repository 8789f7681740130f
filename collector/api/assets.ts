import { existsSync } from 'node:fs';
import { join } from 'node:path';
import staticFiles from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** First parts of the paths of the dashboard's pages (collector/web/pages.ts); what is below them is the page's to read. */
export const pageFolders = [
  ...[
    'alerts',
    'stories',
    'hosts',
    'tree',
    'events',
    'hunts',
    'query',
    'analyses',
    'rules',
    'settings',
    'sign-in',
  ],
] as const;

/** Serves the built dashboard. What Vite puts under assets/ carries its hash in its name and never changes. */
export async function serveDashboard(app: FastifyInstance, webRoot: string): Promise<void> {
  if (!existsSync(join(webRoot, 'index.html'))) {
    app.log.warn({ webRoot }, 'the dashboard is not built; only the API is served');
    return;
  }
  await app.register(staticFiles, {
    root: webRoot,
    wildcard: false,
    cacheControl: false,
    setHeaders(reply, path) {
      const hashed = path.startsWith(join(webRoot, 'assets'));
      reply.header('cache-control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache');
    },
  });
  const page = (_: FastifyRequest, reply: FastifyReply) => reply.sendFile('index.html');
  for (const folder of pageFolders) {
    app.get(`/${folder}`, { schema: { hide: true } }, page);
    app.get(`/${folder}/*`, { schema: { hide: true } }, page);
  }
}
