import type { TableSpec } from './spec.ts';

export const debPackages = {
  name: 'deb_packages',
  doc: 'Packages of dpkg.',
  system: 'linux',
  columns: {
    name: ['text', 'Name.'],
    version: ['text', 'Version.'],
    arch: ['text', 'Architecture.'],
    size: ['integer', 'Installed size in bytes.'],
    maintainer: ['text', 'Maintainer.'],
    install_time: ['integer', 'When it was unpacked, in seconds since the epoch.'],
  },
} as const satisfies TableSpec;
