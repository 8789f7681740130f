import type { Filter } from '#shared/filter/filter.ts';
import { maxFilterLength, parseFilter } from '#shared/filter/parse.ts';
import type { Topic } from '../../bus.ts';
import { isTopic } from './topics.ts';

/** What a client asks for. */
export interface Subscription {
  readonly topics: readonly Topic[];
  /** Events as they are stored, where they are asked for. */
  readonly events: { readonly text: string; readonly filter: Filter } | undefined;
  /** The last frame a client that comes back has seen. */
  readonly since: { readonly run: string; readonly number: number } | undefined;
}

/** What such a message looks like. */
export const subscriptionForm =
  '{"subscribe": [topics], "events": {"filter": text}, "since": {"run": text, "number": n}}';

/** Gives why it is none. */
export function readSubscription(text: string | undefined): Subscription | string {
  const message = objectIn(text);
  if (message === undefined) return `The message is not ${subscriptionForm}.`;
  const { subscribe, events, since } = message;
  if (!Array.isArray(subscribe) || !subscribe.every(isTopic)) return 'subscribe is not a list of topics.';
  const asked = eventsIn(events);
  if (typeof asked === 'string') return asked;
  const seen = sinceIn(since);
  if (typeof seen === 'string') return seen;
  return { topics: [...new Set(subscribe)], events: asked, since: seen };
}

function objectIn(text: string | undefined): Record<string, unknown> | undefined {
  if (text === undefined) return undefined;
  try {
    const message: unknown = JSON.parse(text);
    return typeof message === 'object' && message !== null ? (message as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function eventsIn(events: unknown): Subscription['events'] | string {
  if (events === undefined) return undefined;
  const text = (events as { filter?: unknown } | null)?.filter;
  if (typeof text !== 'string' || text.length > maxFilterLength) return 'events.filter is not a filter.';
  const parsed = parseFilter(text);
  return parsed.ok ? { text, filter: parsed.value } : `events.filter: ${parsed.problem.message}`;
}

function sinceIn(since: unknown): Subscription['since'] | string {
  if (since === undefined) return undefined;
  const { run, number } = (since ?? {}) as { run?: unknown; number?: unknown };
  if (typeof run === 'string' && Number.isSafeInteger(number)) return { run, number: number as number };
  return 'since is not {"run": text, "number": n}.';
}
