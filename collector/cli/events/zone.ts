import { InvalidArgumentError } from 'commander';
import { shortTime } from '#shared/output.ts';

/** An instant in ISO 8601 as people read it. */
export type ZoneTime = (iso: string) => string;

/** `local`, `utc` or the name of a zone of the time zone database, e.g. `Europe/Berlin`. */
export function zoneTime(zone: string): ZoneTime {
  if (zone === 'local') return shortTime;
  const timeZone = zone === 'utc' ? 'UTC' : zone;
  let format: Intl.DateTimeFormat;
  try {
    // Swedish writes dates as ISO 8601 does.
    format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
  } catch {
    throw new InvalidArgumentError('It must be local, utc or a zone like Europe/Berlin.');
  }
  return (iso) => format.format(new Date(iso));
}
