/** Short queries and mutations beside those made of operations: events, alerts, health and figures at a glance. */
import type { AlertJson } from '../json/alert.ts';
import type { EventJson } from '../json/event.ts';
import type { StatusJson } from '../json/status.ts';
import type { HealthJson } from '../resources/health.ts';
import type { Asking } from './ask.ts';

/** What `offset` passes over is read all the same. */
const mostAtOnce = 500;

export const plainSdl = `
"An event as one record; data is the whole of it."
type PlainEvent { event_id: String! event_type: String! timestamp: String! host: String data: JSON! }
"A measured figure."
type Metric { name: String! value: Float! unit: String! }
type HealthCheck { name: String! status: String! value: Float! message: String! }
type SystemHealth { status: String! checks: [HealthCheck!]! }

extend type Query {
  "Stored events, newest first; limit and offset together at most ${mostAtOnce}."
  events(limit: Int = 50, offset: Int = 0, event_type: String): [PlainEvent!]!
  "Alerts, newest first; limit and offset together at most ${mostAtOnce}."
  analytics_alerts(limit: Int = 50, offset: Int = 0): [Alert!]!
  "Figures of the collector."
  analytics_metrics: [Metric!]!
  "Whether the collector works."
  systemHealth: SystemHealth!
  "Whether the collector works."
  system_health: SystemHealth!
}
extend type Mutation {
  "Take note of an alert."
  acknowledgeAlert(id: String!, note: String): Alert!
  "Be done with an alert."
  resolveAlert(id: String!, note: String, verdict: String): Alert!
}`;

export interface Context {
  readonly ask: Asking;
}
type Page<T> = { readonly items: readonly T[]; readonly next: string | null };
interface Window {
  readonly limit: number;
  readonly offset: number;
}

const query = (values: Readonly<Record<string, string | number | undefined>>): string =>
  new URLSearchParams(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  ).toString();

async function window<T>(
  ask: Asking,
  path: string,
  more: string,
  { limit, offset }: Window,
): Promise<readonly T[]> {
  const most = Math.max(0, Math.min(limit, mostAtOnce)) + Math.max(0, offset);
  const bounded = Math.min(Math.max(1, most), mostAtOnce);
  const page = (await ask('GET', `${path}?${query({ limit: bounded })}${more}`)) as Page<T>;
  return page.items.slice(Math.max(0, offset), most);
}

async function health(ask: Asking) {
  const { status, checks } = (await ask('GET', '/api/v1/health')) as HealthJson;
  return {
    status,
    checks: checks.map(({ name, status: is, value, detail }) => ({
      name,
      status: is,
      value,
      message: detail,
    })),
  };
}

const changing =
  (status: 'acknowledged' | 'closed') =>
  (_: unknown, { id, note, verdict }: { id: string; note?: string; verdict?: string }, { ask }: Context) =>
    ask('PATCH', `/api/v1/alerts/${encodeURIComponent(id)}`, {
      status,
      ...(note != null && { note }),
      ...(verdict != null && { verdict }),
    });

export const plainResolvers = {
  Query: {
    async events(_: unknown, args: Window & { event_type?: string }, { ask }: Context) {
      const more = args.event_type == null ? '' : `&${query({ type: args.event_type })}`;
      const events = await window<EventJson>(ask, '/api/v1/events', more, args);
      return events.map((event) => ({
        event_id: event['event.id'],
        event_type: event['event.dataset'],
        timestamp: event['@timestamp'],
        host: event['host.name'],
        data: event,
      }));
    },
    analytics_alerts: (_: unknown, args: Window, { ask }: Context) =>
      window<AlertJson>(ask, '/api/v1/alerts', '', args),
    async analytics_metrics(_: unknown, _args: unknown, { ask }: Context) {
      const { journal, storage, detection, hosts } = (await ask('GET', '/api/v1/status')) as StatusJson;
      const sum = (of: (host: StatusJson['hosts'][number]) => number) =>
        hosts.reduce((total, host) => total + of(host), 0);
      return [
        { name: 'hosts', value: hosts.length, unit: 'count' },
        { name: 'hosts_connected', value: hosts.filter(({ connected }) => connected).length, unit: 'count' },
        { name: 'events_stored', value: sum(({ stored }) => stored), unit: 'count' },
        { name: 'events_lost', value: sum(({ lost }) => lost), unit: 'count' },
        { name: 'events_pending', value: sum(({ pending }) => pending), unit: 'count' },
        { name: 'journal_size', value: journal.sizeBytes, unit: 'byte' },
        { name: 'segments_size', value: storage.segments.sizeBytes, unit: 'byte' },
        { name: 'disk_free', value: storage.freeBytes, unit: 'byte' },
        { name: 'rules', value: detection.rules, unit: 'count' },
        { name: 'detection_lag', value: detection.lagMs / 1000, unit: 'second' },
      ];
    },
    systemHealth: (_: unknown, _args: unknown, { ask }: Context) => health(ask),
    system_health: (_: unknown, _args: unknown, { ask }: Context) => health(ask),
  },
  Mutation: { acknowledgeAlert: changing('acknowledged'), resolveAlert: changing('closed') },
};
