import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';

/** Connections answered at once. */
const maxConnections = 8;
/** Whoever has not read the answer by then is let go of: one that stands still must not keep others out. */
const patienceMs = 5000;

/**
 * Answers whoever connects with one JSON document and ends the connection. Only the agent's user may connect. The
 * caller holds the folder's lock, so a socket that is there is left over. Gives the function that ends it; rejects
 * when the socket cannot be made.
 */
export async function serveStatus(path: string, status: () => unknown): Promise<() => Promise<void>> {
  if (process.platform !== 'win32') rmSync(path, { force: true });
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.setTimeout(patienceMs, () => socket.destroy());
    socket.end(`${JSON.stringify(status())}\n`);
  });
  server.maxConnections = maxConnections;
  await listen(server, path);
  if (process.platform !== 'win32') chmodSync(path, 0o600);
  server.unref();
  return () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of open) socket.destroy();
    });
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
