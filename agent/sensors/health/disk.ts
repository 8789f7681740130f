import { statfs } from 'node:fs/promises';
import type { HostFacts } from './event.ts';

/** Size and room of the file system that holds a folder; empty when it cannot be asked. */
export async function diskFacts(folder: string): Promise<HostFacts> {
  try {
    const { bsize, blocks, bavail } = await statfs(folder);
    return { 'host.disk.total': bsize * blocks, 'host.disk.free': bsize * bavail };
  } catch {
    return {};
  }
}
