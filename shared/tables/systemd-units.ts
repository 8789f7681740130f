import type { TableSpec } from './spec.ts';

export const systemdUnits = {
  name: 'systemd_units',
  doc: 'Unit files of systemd, and whether they are enabled.',
  system: 'linux',
  columns: {
    id: ['text', 'Name of the unit.'],
    unit_type: ['text', 'service, timer, socket and so on.'],
    description: ['text', 'Description.'],
    fragment_path: ['text', 'File.'],
    enabled: ['integer', '1 when some target wants it.'],
    exec_start: ['text', 'Command of a service.'],
    user: ['text', 'User of a service.'],
    on_calendar: ['text', 'When a timer fires.'],
    masked: ['integer', '1 when it is linked to /dev/null.'],
    source: ['text', 'Folder it was found in.'],
  },
} as const satisfies TableSpec;
