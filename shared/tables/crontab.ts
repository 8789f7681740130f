import type { TableSpec } from './spec.ts';

export const crontab = {
  name: 'crontab',
  doc: 'Jobs of cron, of the system and of users.',
  system: 'linux',
  columns: {
    event: ['text', 'Nickname such as @reboot.'],
    minute: ['text', 'Minute.'],
    hour: ['text', 'Hour.'],
    day_of_month: ['text', 'Day of the month.'],
    month: ['text', 'Month.'],
    day_of_week: ['text', 'Day of the week.'],
    username: ['text', 'Who it runs as, where told.'],
    command: ['text', 'What it runs.'],
    path: ['text', 'File.'],
  },
} as const satisfies TableSpec;
