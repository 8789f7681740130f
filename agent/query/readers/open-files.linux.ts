import { join } from 'node:path';
import type { deviceHandles as deviceHandlesSpec } from '#shared/tables/device-handles.ts';
import type { processOpenFiles as filesSpec } from '#shared/tables/process-open-files.ts';
import type { processOpenPipes as pipesSpec } from '#shared/tables/process-open-pipes.ts';
import type { RowOf } from '#shared/tables/spec.ts';
import { nodeKind } from '../../sensors/device/node-kinds.ts';
import { linkAt, namesIn } from '../files.ts';
import type { QueryHost } from '../reader.ts';
import { pidsOf } from './processes.linux.ts';

export interface Descriptor {
  readonly pid: number;
  readonly fd: number;
  /** Where the link leads: a path, or `socket:[INODE]` and its like. */
  readonly link: string;
}

/** Every descriptor that may be seen of every process. */
export function* descriptorsOf(host: QueryHost): Iterable<Descriptor> {
  for (const pid of pidsOf(host)) {
    const folder = join(host.procRoot, String(pid), 'fd');
    for (const name of namesIn(folder)) {
      const link = linkAt(`${folder}/${name}`);
      if (link !== undefined) yield { pid, fd: Number(name), link };
    }
  }
}

export function* processOpenFiles(host: QueryHost): Iterable<RowOf<typeof filesSpec>> {
  for (const { pid, fd, link } of descriptorsOf(host))
    if (link.startsWith('/')) yield { pid, fd, path: link };
}

export function* processOpenPipes(host: QueryHost): Iterable<RowOf<typeof pipesSpec>> {
  for (const { pid, fd, link } of descriptorsOf(host)) {
    const inode = /^pipe:\[(\d+)\]$/.exec(link)?.[1];
    if (inode !== undefined) yield { pid, fd, inode: Number(inode) };
  }
}

export function* deviceHandles(host: QueryHost): Iterable<RowOf<typeof deviceHandlesSpec>> {
  const prefix = `${host.devRoot}/`;
  const seen = new Set<string>();
  for (const { pid, link } of descriptorsOf(host)) {
    const kind = link.startsWith(prefix) ? nodeKind(link.slice(prefix.length)) : undefined;
    if (kind === undefined || seen.has(`${pid} ${link}`)) continue;
    seen.add(`${pid} ${link}`);
    yield { pid, path: link, kind };
  }
}
