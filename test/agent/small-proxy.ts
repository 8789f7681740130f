/** A small HTTP proxy that knows CONNECT, for tests: really connects, or misbehaves as told. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Test } from 'tap';

export interface SmallProxy {
  readonly address: string;
  /** Heads of the requests that came. */
  readonly requests: readonly string[];
}

/** `answer` is what it says to every request in place of connecting; an empty one is silence. */
export async function startProxy(t: Test, answer?: string): Promise<SmallProxy> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    sockets.add(client);
    client.on('error', () => undefined);
    client.once('data', (data) => {
      const head = data.toString();
      requests.push(head);
      if (answer !== undefined) {
        if (answer !== '') client.end(answer);
        return;
      }
      const [, host, port] = /^CONNECT ([^ ]+):(\d+) HTTP\/1\.1\r\n/.exec(head) ?? [];
      const upstream = connect({ host: host as string, port: Number(port) }, () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n');
        client.pipe(upstream).pipe(client);
      });
      sockets.add(upstream);
      upstream.on('error', () => client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'));
      client.on('close', () => upstream.destroy());
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}
