import type { Topic, Topics } from '../../bus.ts';
import { type AlertJson, alertLineJson } from '../json/alert.ts';
import { type CommandJson, commandJson } from '../json/command.ts';
import type { EventJson } from '../json/event.ts';
import { type HostJson, hostJson } from '../json/host.ts';
import { type RateJson, rateJson } from '../json/rate.ts';
import { type RolloutJson, rolloutJson } from '../json/rollout.ts';

/** What the feed sends, by topic: the same JSON as the resources give. */
export interface FeedMessages {
  readonly alert: { readonly alert: AlertJson; readonly isNew: boolean };
  readonly host: HostJson;
  /** Without its output: ask for that by the id. */
  readonly command: CommandJson;
  readonly rates: RateJson;
  readonly rollout: RolloutJson;
  readonly stored: { readonly events: number };
}

/** Events that a filter holds for, in the order they were stored. */
export interface EventsMessage {
  readonly items: readonly EventJson[];
  /** Stored between these instants and passed over, because there were too many; null usually. */
  readonly skipped: { readonly from: string; readonly to: string } | null;
}

const serializers: { readonly [T in Topic]: (message: Topics[T]) => FeedMessages[T] } = {
  alert: ({ alert, isNew }) => ({ alert: alertLineJson(alert), isNew }),
  host: hostJson,
  command: (command) => commandJson({ ...command, output: null }),
  rates: rateJson,
  rollout: rolloutJson,
  stored: (message) => message,
};

export const topics = Object.keys(serializers) as readonly Topic[];

export function isTopic(value: unknown): value is Topic {
  return typeof value === 'string' && Object.hasOwn(serializers, value);
}

/** One frame of the feed, as text. */
export function frameOf<T extends Topic>(topic: T, message: Topics[T], number: number): string {
  return JSON.stringify({ topic, number, message: serializers[topic](message) });
}
