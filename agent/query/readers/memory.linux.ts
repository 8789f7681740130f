import { join } from 'node:path';
import type { memoryInfo as spec } from '#shared/tables/memory-info.ts';
import type { RowOf } from '#shared/tables/spec.ts';
import { textAt } from '../files.ts';
import type { QueryHost } from '../reader.ts';

export function* memoryInfo({ procRoot }: QueryHost): Iterable<RowOf<typeof spec>> {
  const text = textAt(join(procRoot, 'meminfo'));
  const of = (name: string) => {
    const kibibytes = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1];
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
  };
  yield {
    memory_total: of('MemTotal'),
    memory_free: of('MemFree'),
    memory_available: of('MemAvailable'),
    buffers: of('Buffers'),
    cached: of('Cached'),
    swap_cached: of('SwapCached'),
    active: of('Active'),
    inactive: of('Inactive'),
    swap_total: of('SwapTotal'),
    swap_free: of('SwapFree'),
  };
}
