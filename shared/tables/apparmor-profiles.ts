import type { TableSpec } from './spec.ts';

export const apparmorProfiles = {
  name: 'apparmor_profiles',
  doc: 'Profiles of AppArmor that are loaded.',
  system: 'linux',
  columns: {
    name: ['text', 'Name.'],
    mode: ['text', 'enforce, complain or unconfined.'],
  },
} as const satisfies TableSpec;
