import { join } from 'node:path';
import type { kernelInfo as infoSpec } from '#shared/tables/kernel-info.ts';
import type { kernelModules as modulesSpec } from '#shared/tables/kernel-modules.ts';
import type { RowOf } from '#shared/tables/spec.ts';
import type { systemControls as controlsSpec } from '#shared/tables/system-controls.ts';
import { parseModules } from '../../sensors/kernel/modules.linux.ts';
import { entriesIn, linesAt, valueAt, wholeNumber } from '../files.ts';
import type { QueryHost } from '../reader.ts';

export function* kernelModules({ procRoot }: QueryHost): Iterable<RowOf<typeof modulesSpec>> {
  for (const line of linesAt(join(procRoot, 'modules'))) {
    const [, , , usedBy = '-', status] = line.split(' ');
    for (const { name, sizeBytes, taints } of parseModules(line).values())
      yield { name, size: sizeBytes, used_by: usedBy.replace(/,$/, ''), status, taints };
  }
}

export function* kernelInfo({ procRoot }: QueryHost): Iterable<RowOf<typeof infoSpec>> {
  const commandLine = valueAt(join(procRoot, 'cmdline')) ?? '';
  const of = (name: string) => new RegExp(`(?:^| )${name}=(\\S+)`).exec(commandLine)?.[1];
  yield {
    version: valueAt(join(procRoot, 'sys/kernel/osrelease')),
    arguments: commandLine,
    path: of('BOOT_IMAGE'),
    device: of('root'),
    tainted: wholeNumber(valueAt(join(procRoot, 'sys/kernel/tainted'))),
  };
}

/** Settings in folders of their own for each interface and the like lie no deeper. */
const maxDepth = 6;
/** Reading these acts or waits, or they are secrets. */
const passedOver = /(?:^|\.)(?:flush|stable_secret|compact_memory|drop_caches|stat_refresh)$/;

function* controlsIn(folder: string, prefix: string, depth: number): Iterable<RowOf<typeof controlsSpec>> {
  if (depth > maxDepth) return;
  for (const { entry, isFolder } of entriesIn(folder)) {
    const name = prefix === '' ? entry : `${prefix}.${entry}`;
    const path = join(folder, entry);
    if (isFolder) yield* controlsIn(path, name, depth + 1);
    else if (!passedOver.test(name)) {
      const value = valueAt(path);
      if (value !== undefined) yield { name, current_value: value, subsystem: name.split('.', 1)[0] };
    }
  }
}

export function systemControls({ procRoot }: QueryHost): Iterable<RowOf<typeof controlsSpec>> {
  return controlsIn(join(procRoot, 'sys'), '', 1);
}
