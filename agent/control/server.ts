import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';

/** Connections answered at once. */
const maxConnections = 8;

/**
 * Answers whoever connects with one JSON document and ends the connection. Only the agent's user may connect. The
 * caller holds the folder's lock, so a socket that is there is left over. Gives the function that ends it; rejects
 * when the socket cannot be made.
 */
export async function serveStatus(path: string, status: () => unknown): Promise<() => Promise<void>> {
  if (process.platform !== 'win32') rmSync(path, { force: true });
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.end(`${JSON.stringify(status())}\n`);
  });
  server.maxConnections = maxConnections;
  await listen(server, path);
  if (process.platform !== 'win32') chmodSync(path, 0o600);
  server.unref();
  return () => new Promise((resolve) => server.close(() => resolve()));
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, () => {
      server.off('error', reject);
      server.on('error', () => {});
      resolve();
    });
  });
}
