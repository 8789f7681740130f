/** The live feed: what happens on the bus, to whoever is signed in and asked for it. */
import websocket from '@fastify/websocket';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import { VedetteError } from '#shared/errors.ts';
import type { Topic } from '../../bus.ts';
import type { ApiDeps, FeedBounds } from '../deps.ts';
import { admit, type Identified, refuseOtherOrigin } from '../guard.ts';
import { apiPrefix } from '../operation.ts';
import { FeedClient } from './client.ts';
import { frameOf, topics } from './topics.ts';

const usualBounds: FeedBounds = { maxClients: 256, maxWaitingBytes: 1024 * 1024, pingMs: 20_000 };
/** Clients send subscriptions only. */
const maxMessageBytes = 4096;
const closeGraceMs = 500;

export interface FeedCounters {
  /** Connected now. */
  clients: number;
  /** Dropped for being slow, since the start. */
  dropped: number;
  /** Turned away because there were too many. */
  refused: number;
}

declare module 'fastify' {
  interface FastifyInstance {
    feedCounters: Readonly<FeedCounters>;
  }
  interface FastifyRequest {
    identified: Identified | undefined;
  }
}

class Feed {
  readonly counters: FeedCounters = { clients: 0, dropped: 0, refused: 0 };
  readonly #clients = new Set<FeedClient>();
  readonly #bounds: FeedBounds;

  constructor(bounds: FeedBounds) {
    this.#bounds = bounds;
  }

  broadcast(topic: Topic, makeFrame: () => string): void {
    let frame: string | undefined;
    for (const client of this.#clients) {
      if (!client.wants(topic)) continue;
      frame ??= makeFrame();
      if (!client.send(frame)) {
        this.counters.dropped++;
        this.#forget(client);
      }
    }
  }

  accept(socket: WebSocket, identified: Identified): void {
    const client = new FeedClient(socket, this.#bounds);
    if (this.#clients.size >= this.#bounds.maxClients) {
      this.counters.refused++;
      client.close('wire.busy', `There are ${this.#bounds.maxClients} clients already.`);
      return;
    }
    this.#clients.add(client);
    this.counters.clients = this.#clients.size;
    const timer = setInterval(() => {
      client.checkAlive();
      identified.again().then(
        (credential) => credential ?? client.close('feed.signed_out', 'The session or token has ended.'),
        () => {},
      );
    }, this.#bounds.pingMs);
    timer.unref();
    socket.on('close', () => {
      clearInterval(timer);
      this.#forget(client);
    });
  }

  closeAll(): void {
    for (const client of this.#clients) client.close('wire.shutdown', 'The collector stops.');
  }

  #forget(client: FeedClient): void {
    this.#clients.delete(client);
    this.counters.clients = this.#clients.size;
  }
}

/** Must be registered before the route. Closing the API closes its feed, without waiting for clients that do not answer. */
export async function serveFeed(app: FastifyInstance, deps: ApiDeps): Promise<void> {
  const feed = new Feed({ ...usualBounds, ...deps.feed });
  app.decorate('feedCounters', feed.counters);
  app.decorateRequest('identified', undefined);
  await app.register(websocket, {
    options: { maxPayload: maxMessageBytes, perMessageDeflate: false },
    errorHandler: (_error, socket) => socket.terminate(),
    preClose(done) {
      feed.closeAll();
      const server = this.websocketServer;
      setTimeout(() => {
        for (const socket of server.clients) socket.terminate();
        server.close(() => done());
      }, closeGraceMs * Math.sign(server.clients.size));
    },
  });
  app.get(
    `${apiPrefix}/feed`,
    {
      websocket: true,
      onRequest: async (request: FastifyRequest) => {
        refuseOtherOrigin(request);
        request.identified = await admit(request, deps.auth, deps.tls !== undefined, 'read');
        if (!request.ws) throw new VedetteError('api.not_found', 'The feed is for WebSocket clients.');
      },
    },
    (socket, request) => {
      if (request.identified !== undefined) feed.accept(socket, request.identified);
    },
  );
  const ends = topics.map((topic) =>
    deps.bus.subscribe(topic, (message) => feed.broadcast(topic, () => frameOf(topic, message))),
  );
  app.addHook('onClose', async () => {
    for (const end of ends) end();
  });
}
