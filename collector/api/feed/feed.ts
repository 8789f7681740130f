/** The live feed: what happens on the bus, to whoever is signed in and asked for it. */
import { randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import websocket from '@fastify/websocket';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import { nowUs } from '#shared/clock.ts';
import { VedetteError } from '#shared/errors.ts';
import type { Topic } from '../../bus.ts';
import type { EventReader } from '../../store/contract.ts';
import type { ApiDeps, FeedBounds } from '../deps.ts';
import { admit, type Identified, isSecure, refuseOtherOrigin } from '../guard.ts';
import { apiPrefix } from '../operation.ts';
import { Backlog, keeps } from './backlog.ts';
import { FeedClient } from './client.ts';
import type { FeedCounters } from './counters.ts';
import { EventTail } from './event-tail.ts';
import type { Subscription } from './subscription.ts';
import { frameOf, topics } from './topics.ts';

const usualBounds: FeedBounds = { maxClients: 256, maxWaitingBytes: 1024 * 1024, pingMs: 20_000 };
/** Clients send subscriptions only. */
const maxMessageBytes = 4096;
const closeGraceMs = 500;
/** Clients are told at most this often that something was stored. */
const storedMs = 100;

declare module 'fastify' {
  interface FastifyInstance {
    feedCounters: Readonly<FeedCounters>;
  }
  interface FastifyRequest {
    identified: Identified | undefined;
  }
}

/** Filters of events that are followed at once; whoever asks for one more is refused. */
const maxTails = 32;

/** One filter, followed for everybody who asks for it. */
interface Followed {
  readonly tail: EventTail;
  readonly clients: Set<FeedClient>;
}

class Feed {
  /** Numbers of frames hold within one run of the collector. */
  readonly #run = randomBytes(8).toString('hex');
  readonly #backlog = new Backlog();
  readonly #tails = new Map<string, Followed>();
  readonly #events: EventReader;
  readonly #now: () => number;
  readonly counters: FeedCounters = { clients: 0, dropped: 0, refused: 0 };
  readonly #clients = new Set<FeedClient>();
  /** Looks again whether a client may still listen. */
  readonly #checks = new Map<FeedClient, () => void>();
  readonly #bounds: FeedBounds;
  #stored = 0;
  #storedTimer: NodeJS.Timeout | undefined;

  constructor(bounds: FeedBounds, events: EventReader, now: () => number) {
    this.#bounds = bounds;
    this.#events = events;
    this.#now = now;
  }

  broadcast(topic: Topic, makeFrame: (number: number) => string): void {
    const number = this.#backlog.take();
    const wanting = [...this.#clients].filter((client) => client.wants(topic));
    if (wanting.length > 0 || keeps(topic)) {
      const frame = makeFrame(number);
      this.#backlog.keep(topic, number, frame);
      const bytes = Buffer.from(frame);
      for (const client of wanting) this.#send(client, bytes);
    }
  }

  /** Batches were stored, hundreds a second on a busy day: clients are told of them together. */
  stored(events: number): void {
    for (const { tail } of this.#tails.values()) tail.poke();
    this.#stored += events;
    this.#storedTimer ??= setTimeout(() => {
      const message = { events: this.#stored };
      this.#stored = 0;
      this.#storedTimer = undefined;
      this.broadcast('stored', (number) => frameOf('stored', message, number));
    }, storedMs);
  }

  #send(client: FeedClient, frame: string | Buffer): void {
    if (client.send(frame)) return;
    this.counters.dropped++;
    this.#forget(client);
  }

  #subscribe(client: FeedClient, { events, since }: Subscription): void {
    this.#unfollow(client);
    if (events !== undefined && !this.#follow(client, events)) {
      client.close('wire.busy', `${maxTails} filters are followed already.`);
      return;
    }
    const missed =
      since && (since.run === this.#run ? this.#backlog.after(since.number, client.topics) : undefined);
    const { number } = this.#backlog;
    const said = { subscribed: [...client.topics], run: this.#run, number };
    this.#send(
      client,
      JSON.stringify({
        ...said,
        ...(events !== undefined && { events: events.text }),
        ...(since !== undefined && { resumed: missed !== undefined }),
      }),
    );
    for (const frame of missed ?? []) this.#send(client, frame);
  }

  /** False where too many filters are followed. */
  #follow(client: FeedClient, { text, filter }: NonNullable<Subscription['events']>): boolean {
    let followed = this.#tails.get(text);
    if (followed === undefined) {
      if (this.#tails.size >= maxTails) return false;
      const clients = new Set<FeedClient>();
      const tell = (frame: string) => {
        for (const one of clients) this.#send(one, frame);
      };
      followed = { clients, tail: new EventTail(this.#events, filter, tell, this.#now) };
      this.#tails.set(text, followed);
      // So that it knows from where on it follows.
      followed.tail.poke();
    }
    followed.clients.add(client);
    return true;
  }

  #unfollow(client: FeedClient): void {
    for (const [text, { tail, clients }] of this.#tails) {
      if (!clients.delete(client) || clients.size > 0) continue;
      tail.close();
      this.#tails.delete(text);
    }
  }

  accept(socket: WebSocket, connection: Socket, identified: Identified): void {
    const client = new FeedClient(socket, connection, this.#bounds, (one, asked) =>
      this.#subscribe(one, asked),
    );
    if (this.#clients.size >= this.#bounds.maxClients) {
      this.counters.refused++;
      client.close('wire.busy', `There are ${this.#bounds.maxClients} clients already.`);
      return;
    }
    this.#clients.add(client);
    this.counters.clients = this.#clients.size;
    const check = () => {
      identified.again().then(
        (credential) => {
          if (credential?.permissions.includes('read') !== true)
            client.close('feed.signed_out', 'The session or token has ended.');
        },
        () => {},
      );
    };
    this.#checks.set(client, check);
    const timer = setInterval(() => {
      client.checkAlive();
      check();
    }, this.#bounds.pingMs);
    timer.unref();
    socket.on('close', () => {
      clearInterval(timer);
      this.#forget(client);
    });
  }

  /** To be called when somebody's access may have ended. */
  checkAll(): void {
    for (const check of this.#checks.values()) check();
  }

  closeAll(): void {
    clearTimeout(this.#storedTimer);
    for (const client of this.#clients) client.close('wire.shutdown', 'The collector stops.');
    for (const { tail } of this.#tails.values()) tail.close();
  }

  #forget(client: FeedClient): void {
    this.#clients.delete(client);
    this.#checks.delete(client);
    this.#unfollow(client);
    this.counters.clients = this.#clients.size;
  }
}

/** Must be registered before the route. Closing the API closes its feed, without waiting for clients that do not answer. */
export async function serveFeed(app: FastifyInstance, deps: ApiDeps): Promise<void> {
  const feed = new Feed({ ...usualBounds, ...deps.feed }, deps.events, deps.now ?? nowUs);
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
        request.identified = await admit(request, deps.auth, isSecure(deps), 'read');
        if (!request.ws) throw new VedetteError('api.not_found', 'The feed is for WebSocket clients.');
      },
    },
    (socket, request) => {
      if (request.identified !== undefined) feed.accept(socket, request.socket, request.identified);
    },
  );
  const ends = topics
    .filter((topic) => topic !== 'stored')
    .map((topic) =>
      deps.bus.subscribe(topic, (message) =>
        feed.broadcast(topic, (number) => frameOf(topic, message, number)),
      ),
    );
  ends.push(deps.bus.subscribe('stored', ({ events }) => feed.stored(events)));
  ends.push(deps.auth.onChange(() => feed.checkAll()));
  app.addHook('onClose', async () => {
    for (const end of ends) end();
  });
}
