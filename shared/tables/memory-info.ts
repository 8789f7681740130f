import type { TableSpec } from './spec.ts';

export const memoryInfo = {
  name: 'memory_info',
  doc: 'Memory in bytes.',
  system: 'linux',
  columns: {
    memory_total: ['integer', 'All.'],
    memory_free: ['integer', 'Unused.'],
    memory_available: ['integer', 'Can be had without swapping.'],
    buffers: ['integer', 'Buffers.'],
    cached: ['integer', 'Page cache.'],
    swap_cached: ['integer', 'Swapped and in memory as well.'],
    active: ['integer', 'Used of late.'],
    inactive: ['integer', 'Not used of late.'],
    swap_total: ['integer', 'Swap.'],
    swap_free: ['integer', 'Unused swap.'],
  },
} as const satisfies TableSpec;
