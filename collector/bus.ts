import type { Rollout } from './rollout/contract.ts';
import type { Alert, Command, Host, RatePoint } from './store/contract.ts';

/** What travels on the bus, by topic. */
export interface Topics {
  /** An alert was raised or changed. */
  readonly alert: { readonly alert: Alert; readonly isNew: boolean };
  readonly host: Host;
  /** A rollout of rules began, went on or ended. */
  readonly rollout: Rollout;
  /** A command was made or changed. */
  readonly command: Command;
  readonly rates: RatePoint;
  /** Batches were stored; `events` says how many events. A hint to look again, nothing to rely on. */
  readonly stored: { readonly events: number };
}
export type Topic = keyof Topics;

/**
 * Fan-out inside the collector. Delivery is at most once and in order per topic; a subscriber that throws is
 * logged and kept; nothing is stored.
 */
export interface Bus {
  publish<T extends Topic>(topic: T, message: Topics[T]): Promise<void>;
  /** Gives the function that ends the subscription. */
  subscribe<T extends Topic>(topic: T, receive: (message: Topics[T]) => void): () => void;
}

/** The embedded bus: functions in one process. */
export function localBus(onError: (error: unknown) => void): Bus {
  const subscribers = new Map<Topic, Set<(message: never) => void>>();
  return {
    async publish(topic, message) {
      for (const receive of subscribers.get(topic) ?? []) {
        try {
          (receive as (message: unknown) => void)(message);
        } catch (error) {
          onError(error);
        }
      }
    },
    subscribe(topic, receive) {
      let set = subscribers.get(topic);
      if (set === undefined) {
        set = new Set();
        subscribers.set(topic, set);
      }
      set.add(receive as (message: never) => void);
      return () => {
        set.delete(receive as (message: never) => void);
      };
    },
  };
}
