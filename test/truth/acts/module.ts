import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import type { Act } from '../act.ts';
import { actor, programPath } from '../actors.ts';
import { lacks, run } from '../play.ts';
import { account, maybe } from '../told.ts';

/** One that most kernels with modules have, and hardly any uses. */
const moduleName = 'dummy';

function lacksModules(): string | false {
  if (!existsSync('/proc/modules')) return 'the kernel has no modules';
  const missing = lacks('modprobe');
  if (missing !== false) return missing;
  if (existsSync(`/sys/module/${moduleName}`)) return `the module ${moduleName} is in use`;
  const { status } = spawnSync('modprobe', ['--dry-run', moduleName]);
  return status === 0 ? false : `the kernel has no module ${moduleName}`;
}

const modules: Act = {
  name: 'a kernel module is loaded and unloaded',
  whyNot: lacksModules,
  async perform(stage) {
    const modprobe = programPath('modprobe');
    stage.atEnd(() => spawnSync('modprobe', ['-r', moduleName]));
    const loading = await run('modprobe', moduleName);
    const told = await stage.got.until('module.change', (event) => event['module.name'] === moduleName);
    const row = new RegExp(`^${moduleName} (\\d+) `, 'm').exec(readFileSync('/proc/modules', 'utf8'));
    const unloading = await run('modprobe', '-r', moduleName);
    const common = {
      'event.provider': 'tracefs',
      'module.name': moduleName,
      'module.size': Number(row?.[1]),
      'module.taints': maybe(told['module.taints'] ?? ''),
    };
    return [
      account(
        'module.change',
        { 'module.name': moduleName },
        {
          ...common,
          'event.action': 'loaded',
          ...actor(stage, loading, modprobe, `modprobe ${moduleName}`),
        },
        {
          ...common,
          'event.action': 'unloaded',
          ...actor(stage, unloading, modprobe, `modprobe -r ${moduleName}`),
        },
      ),
    ];
  },
};

export const moduleActs: readonly Act[] = [modules];
