/** Events for hunts and analyses, told by how long ago they were and by what matters in them. */
import { type AnyEvent, eventSpecs } from '#shared/events/registry.gen.ts';
import type { EventSpec } from '#shared/schema/spec.ts';
import { checkEvent } from '#shared/schema/validate.ts';

export type Fields = Readonly<Record<string, unknown>>;
/** An event of a host, so many minutes ago. */
export interface Seen {
  readonly hostId: string;
  readonly type: string;
  readonly minutesAgo: number;
  readonly fields: Fields;
}
export const third = 'c'.repeat(16);
export const day = 24 * 60;
export const on = (hostId: string, type: string, minutesAgo: number, fields: Fields): Seen => ({
  hostId,
  type,
  minutesAgo,
  fields,
});
export const times = <T>(n: number, make: (i: number) => T): readonly T[] =>
  Array.from({ length: n }, (_, i) => make(i));

/** What the declarations require, where a case does not care. */
const usual: Readonly<Record<string, Fields>> = {
  'process.start': { 'process.pid': 9, 'process.entity_id': 'e', 'process.start': 1, 'process.name': 'x' },
  'network.connection': {
    ...{ 'network.transport': 'tcp', 'source.ip': '10.0.0.5', 'source.port': 40_000 },
    ...{ 'network.connection_id': 'c', 'network.initiated': true },
  },
  'network.flow': {
    ...{ 'event.action': 'ended', 'event.start': 1, 'event.end': 2, 'network.flow.accuracy': 'exact' },
    ...{ 'network.transport': 'tcp', 'source.ip': '10.0.0.5', 'source.port': 1, 'destination.port': 443 },
  },
  'dns.query': {
    ...{ 'network.protocol': 'dns', 'network.transport': 'udp', 'source.ip': '10.0.0.5', 'source.port': 1 },
    ...{ 'destination.ip': '10.0.0.1', 'destination.port': 53 },
  },
  'tls.hello': {
    ...{ 'network.transport': 'tcp', 'source.ip': '10.0.0.5', 'source.port': 1 },
    ...{ 'destination.ip': '93.184.216.34', 'destination.port': 443 },
  },
  'http.request': {
    ...{ 'http.request.method': 'GET', 'url.full': 'http://x/', 'network.transport': 'tcp' },
    ...{ 'source.ip': '10.0.0.5', 'source.port': 1, 'destination.ip': '10.0.0.9', 'destination.port': 80 },
  },
  login: { 'event.action': 'login', 'event.outcome': 'success', 'log.source': 'journal' },
  'package.change': { 'event.action': 'installed', 'package.type': 'deb' },
  'package.file': { 'package.name': 'coreutils', 'package.type': 'deb' },
  'process.access': { 'event.action': 'ptrace-attach', 'process.target.pid': 2 },
};

export function eventOf({ type, minutesAgo, fields }: Seen, i: number, nowMs = Date.now()): AnyEvent {
  const time = Math.round(nowMs - minutesAgo * 60_000) * 1000 + i;
  const spec = eventSpecs[type as keyof typeof eventSpecs] as EventSpec;
  const checked = checkEvent(spec, { time, ...usual[type], ...fields });
  if (!checked.ok) throw checked.error;
  return checked.value as unknown as AnyEvent;
}
