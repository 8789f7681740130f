import { hostname } from 'node:os';
import { join } from 'node:path';
import type { AnyEvent } from '#shared/events/registry.gen.ts';

const checkout = join(import.meta.dirname, '../..');

/** The event with paths and names of this checkout and this host replaced by usual ones; `stageRoot` becomes the root. */
export function withoutHost(event: AnyEvent, stageRoot: string): AnyEvent {
  const plain = (text: string) =>
    text
      .replaceAll(`${stageRoot}/`, '/')
      .replaceAll(stageRoot, '/')
      .replaceAll(process.execPath, '/usr/bin/node')
      .replaceAll(checkout, '/opt/vedette');
  const replaced = Object.entries(event).flatMap(([name, value]) => {
    if (value === undefined) return [];
    if (name === 'log.syslog.hostname' && value === hostname()) return [[name, 'host']];
    if (typeof value === 'string') return [[name, plain(value)]];
    return [[name, Array.isArray(value) ? value.map((one) => plain(String(one))) : value]];
  });
  return Object.fromEntries(replaced) as AnyEvent;
}
