import { preference } from '../data/preference.ts';

export const timeZone = preference('time-zone', ['local', 'utc']);

export type Zone = 'local' | 'utc';

const formats: Readonly<Record<Zone, { exact: Intl.DateTimeFormat; clock: Intl.DateTimeFormat }>> = {
  local: formatsIn(undefined),
  utc: formatsIn('UTC'),
};

function formatsIn(timeZone: string | undefined) {
  const clock = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' } as const;
  const zone = timeZone === undefined ? {} : { timeZone };
  return {
    exact: new Intl.DateTimeFormat('en-CA', {
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      ...clock,
      fractionalSecondDigits: 3,
      timeZoneName: 'short',
      ...zone,
    }),
    clock: new Intl.DateTimeFormat('en-GB', { ...clock, ...zone }),
  };
}

/** Date, time to the millisecond, and zone. */
export function exactTime(iso: string, zone: Zone): string {
  return formats[zone].exact.format(new Date(iso)).replace(', ', ' ');
}

/** Hours, minutes, seconds. */
export function clockTime(at: Date, zone: Zone): string {
  return formats[zone].clock.format(at);
}
