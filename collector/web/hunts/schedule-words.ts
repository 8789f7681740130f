import type { HuntScheduleJson } from '../../api/resources/hunt-schedules.ts';

export const huntSchedulesKey = ['hunt-schedules'];
export const pathOfSchedule = (hunt: string) => `/hunt-schedules/${encodeURIComponent(hunt)}`;

/** Seconds a hunt may run after one another, as offered. */
export const intervals = [
  [300, 'Every 5 minutes'],
  [900, 'Every 15 minutes'],
  [3_600, 'Every hour'],
  [21_600, 'Every 6 hours'],
] as const;

export function everyWords({ everySeconds, dailyAt }: HuntScheduleJson): string {
  if (dailyAt !== null) return `Daily at ${dailyAt} UTC`;
  return intervals.find(([s]) => s === everySeconds)?.[1] ?? `Every ${everySeconds} s`;
}
