import { isIP } from 'node:net';
import type { EventByType } from '#shared/events/registry.gen.ts';

export type Login = EventByType['login'];
/** What a line says, but for when and in which log. */
export type Facts = Omit<Login, 'type' | 'time' | 'log.source'>;

export function fact(
  action: Login['event.action'],
  outcome: Login['event.outcome'],
  user: string | undefined,
): Facts {
  return { 'event.action': action, 'event.outcome': outcome, 'user.name': user || undefined };
}

/** Where somebody came from: an address, or the name of a host. */
export function from(place: string | undefined, port?: string): Partial<Facts> {
  if (place === undefined || place === '') return {};
  const number = port === undefined ? {} : { 'source.port': Number(port) };
  const bare = place.replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/i, '');
  return isIP(bare) === 0
    ? { 'source.domain': place, ...number }
    : { 'source.ip': bare.toLowerCase(), ...number };
}

export function method(name: string | undefined): Partial<Facts> {
  return name === undefined ? {} : { 'authentication.method': name.split('/', 1)[0] };
}

/** Name of a terminal without its folder; undefined where there is none. */
export function terminal(text: string | undefined): string | undefined {
  const name = text?.replace(/^\/dev\//, '');
  return name === '' || name === 'unknown' || name === 'none' ? undefined : name;
}
