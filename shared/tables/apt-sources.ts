import type { TableSpec } from './spec.ts';

export const aptSources = {
  name: 'apt_sources',
  doc: 'Where apt takes packages from.',
  system: 'linux',
  columns: {
    source: ['text', 'File.'],
    type: ['text', 'deb or deb-src.'],
    base_uri: ['text', 'Address.'],
    release: ['text', 'Suite.'],
    components: ['text', 'Components, with spaces between.'],
    options: ['text', 'Options.'],
    enabled: ['integer', '0 where it is switched off.'],
  },
} as const satisfies TableSpec;
