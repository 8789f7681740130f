import type { TableSpec } from './spec.ts';

export const packages = {
  name: 'packages',
  doc: 'Packages of every system the package sensor knows.',
  system: 'linux',
  columns: {
    name: ['text', 'Name.'],
    version: ['text', 'Version.'],
    type: ['text', 'deb, rpm, apk, pacman, snap, flatpak, npm, pip or gem.'],
    arch: ['text', 'Architecture.'],
    size: ['integer', 'Installed size in bytes.'],
    install_time: ['integer', 'When, in seconds since the epoch.'],
  },
} as const satisfies TableSpec;
