import { openPreference } from '../data/preference.ts';

/** `local`, `utc`, or a zone by its IANA name. */
export type Zone = string;

export const browserZone = () => new Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Names of all zones the browser knows. */
export const zones = (): readonly string[] => Intl.supportedValuesOf('timeZone');

function isZone(name: string): boolean {
  if (name === 'local' || name === 'utc') return true;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

export const timeZone = openPreference('time-zone', 'local', isZone);

/** By its IANA name. */
export function ianaZone(zone: Zone): string {
  if (zone === 'local') return browserZone();
  return zone === 'utc' ? 'Etc/UTC' : zone;
}

interface Formats {
  readonly exact: Intl.DateTimeFormat;
  readonly clock: Intl.DateTimeFormat;
  readonly day: Intl.DateTimeFormat;
}

const kept = new Map<Zone, Formats>();

function formatsIn(zone: Zone): Formats {
  const found = kept.get(zone);
  if (found !== undefined) return found;
  const clock = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;
  const timeZone = zone === 'utc' ? 'UTC' : ianaZone(zone);
  const formats = {
    exact: new Intl.DateTimeFormat('en-CA', {
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      ...clock,
      fractionalSecondDigits: 3,
      timeZoneName: 'short',
      timeZone,
    }),
    clock: new Intl.DateTimeFormat('en-GB', { ...clock, timeZone }),
    day: new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short', timeZone }),
  };
  kept.set(zone, formats);
  return formats;
}

/** Date, time to the millisecond, and zone. */
export function exactTime(iso: string, zone: Zone): string {
  return formatsIn(zone).exact.format(new Date(iso)).replace(', ', ' ');
}

/** Hours, minutes, seconds. */
export function clockTime(at: Date, zone: Zone): string {
  return formatsIn(zone).clock.format(at);
}

/** Weekday, day and month. */
export function dayOf(at: Date, zone: Zone): string {
  return formatsIn(zone).day.format(at);
}
