import type { TableSpec } from './spec.ts';

export const rpmPackages = {
  name: 'rpm_packages',
  doc: 'Packages of RPM.',
  system: 'linux',
  columns: {
    name: ['text', 'Name.'],
    version: ['text', 'Version and release.'],
    arch: ['text', 'Architecture.'],
    size: ['integer', 'Installed size in bytes.'],
    vendor: ['text', 'Vendor.'],
    signature: ['text', 'Key or kind of check it was verified with.'],
    install_time: ['integer', 'When, in seconds since the epoch.'],
  },
} as const satisfies TableSpec;
