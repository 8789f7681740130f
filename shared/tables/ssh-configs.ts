import type { TableSpec } from './spec.ts';

export const sshConfigs = {
  name: 'ssh_configs',
  doc: 'Settings of SSH clients.',
  system: 'linux',
  columns: {
    uid: ['integer', "Id of the user; absent for the system's own file."],
    block: ['text', 'Host or Match line it stands under; empty before the first.'],
    option: ['text', 'The setting, its name in lower case.'],
    ssh_config_file: ['text', 'File.'],
  },
} as const satisfies TableSpec;
