/** The live feed: one WebSocket that comes back by itself. */
import type { FeedMessages } from '../../api/feed/topics.ts';
import { ApiProblem, request } from './request.ts';

export type Connection = 'connecting' | 'live' | 'lost';

export interface FeedHandlers {
  readonly message: <T extends keyof FeedMessages>(topic: T, message: FeedMessages[T]) => void;
  readonly connection: (state: Connection) => void;
  /** Connected again: what was missed must be read anew. */
  readonly resumed: () => void;
}

const topics = ['alert', 'host', 'rates', 'stored', 'rollout'] as const;
const firstDelayMs = 500;
const longestDelayMs = 10_000;
/** Rates come every second: a feed silent for longer is dead even if the socket does not know it yet. */
const silenceMs = 40_000;

/** Opens the feed; gives the function that ends it. */
export function openFeed(handlers: FeedHandlers): () => void {
  let socket: WebSocket | undefined;
  let delayMs = firstDelayMs;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let watchdog: ReturnType<typeof setTimeout> | undefined;
  let wasLive = false;
  let ended = false;

  const heard = () => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => socket?.close(), silenceMs);
  };
  const receive = (data: string) => {
    heard();
    const frame = JSON.parse(data) as { subscribed?: unknown; topic?: keyof FeedMessages; message?: never };
    if (frame.subscribed !== undefined) {
      handlers.connection('live');
      if (wasLive) handlers.resumed();
      wasLive = true;
      delayMs = firstDelayMs;
    } else if (frame.topic !== undefined) handlers.message(frame.topic, frame.message as never);
  };
  /** Whoever is signed out goes back to signing in instead of knocking for ever; what cannot be reached is tried. */
  const again = async () => {
    try {
      await request('GET', '/session');
    } catch (error) {
      if (error instanceof ApiProblem && error.problem.code === 'api.unauthenticated') return;
    }
    if (!ended) connect();
  };
  const connect = () => {
    handlers.connection(wasLive ? 'lost' : 'connecting');
    const address = new URL('/api/v1/feed', location.href);
    address.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
    address.hash = '';
    const opened = new WebSocket(address);
    socket = opened;
    opened.onopen = () => {
      heard();
      opened.send(JSON.stringify({ subscribe: topics }));
    };
    opened.onmessage = (event) => receive(String(event.data));
    opened.onclose = () => {
      clearTimeout(watchdog);
      if (ended) return;
      handlers.connection('lost');
      timer = setTimeout(() => void again(), delayMs * (0.75 + Math.random() / 2));
      delayMs = Math.min(delayMs * 2, longestDelayMs);
    };
  };
  connect();
  return () => {
    ended = true;
    clearTimeout(timer);
    clearTimeout(watchdog);
    socket?.close();
  };
}
