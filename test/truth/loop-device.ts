import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { lacks } from './play.ts';
import type { Stage } from './stage.ts';

/** A loop device over a file; undefined where there can be none. */
export function loopDevice(stage: Stage, file: string): string | undefined {
  const { status, stdout } = spawnSync('losetup', ['--find', '--show', file], { encoding: 'utf8' });
  if (status !== 0) return undefined;
  const device = stdout.trim();
  stage.atEnd(() => {
    const backing = `/sys/block/${device.slice('/dev/'.length)}/loop/backing_file`;
    if (existsSync(backing) && readFileSync(backing, 'utf8').trimEnd() === file)
      spawnSync('losetup', ['-d', device]);
  });
  return device;
}

export function lacksLoop(): string | false {
  return lacks('losetup') || (!existsSync('/dev/loop-control') && 'the kernel has no loop devices');
}
