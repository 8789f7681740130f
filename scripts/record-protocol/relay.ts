import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { type ClientOptions, WebSocket, WebSocketServer } from 'ws';
import { subprotocol } from '#shared/protocol/frames.ts';
import { collectorName } from '#shared/protocol/identity.ts';
import type { AgentIdentity } from '../../agent/identity/identity.ts';
import { openAuthority } from '../../collector/fleet/authority.ts';

/** One frame as it went over the wire. */
export interface RecordedFrame {
  readonly from: 'agent' | 'collector';
  readonly data: Buffer;
}

export interface Relay {
  /** `host:port` where an agent that trusts `ca` connects. */
  readonly address: string;
  /** PEM. */
  readonly ca: string;
  /** In the order in which they came by. */
  readonly frames: readonly RecordedFrame[];
  close(): void;
}

/**
 * Stands between one agent and the collector, each over TLS of its own, and keeps every frame that goes by. `identity`
 * is what the collector knows the agent by; `folder` takes the relay's own authority.
 */
export async function startRelay(folder: string, identity: AgentIdentity): Promise<Relay> {
  const authority = await openAuthority(folder);
  const { key, cert } = authority.server;
  const https = createServer({ key, cert, minVersion: 'TLSv1.3' });
  const server = new WebSocketServer({ server: https, handleProtocols: () => subprotocol });
  const frames: RecordedFrame[] = [];
  server.on('connection', (agent) => relay(agent, identity, frames));
  https.listen(0, '127.0.0.1');
  await once(https, 'listening');
  return {
    address: `127.0.0.1:${(https.address() as AddressInfo).port}`,
    ca: authority.trust,
    frames,
    close() {
      for (const client of server.clients) client.terminate();
      https.close();
    },
  };
}

function relay(agent: WebSocket, identity: AgentIdentity, frames: RecordedFrame[]): void {
  const options: ClientOptions & ConnectionOptions = {
    ca: identity.ca,
    cert: identity.certificate,
    key: identity.key,
    servername: collectorName,
  };
  const collector = new WebSocket(`wss://${identity.address}/agent`, subprotocol, options);
  const opened = once(collector, 'open');
  opened.catch(() => agent.close());
  collector.on('error', () => agent.close());
  agent.on('error', () => collector.close());
  agent.on('message', (data: Buffer) => {
    frames.push({ from: 'agent', data });
    void opened.then(() => collector.send(data)).catch(() => undefined);
  });
  collector.on('message', (data: Buffer) => {
    frames.push({ from: 'collector', data });
    agent.send(data);
  });
  agent.on('close', () => collector.close());
  collector.on('close', () => agent.close());
}
