import type { TableSpec } from './spec.ts';

export const startupItems = {
  name: 'startup_items',
  doc: 'What begins by itself: enabled units, init scripts, autostart entries.',
  system: 'linux',
  columns: {
    name: ['text', 'Name.'],
    path: ['text', 'File.'],
    args: ['text', 'Command, where known.'],
    type: ['text', 'Systemd unit, Init script or Autostart entry.'],
    source: ['text', 'Folder it was found in.'],
    status: ['text', 'enabled.'],
  },
} as const satisfies TableSpec;
