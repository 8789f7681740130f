import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A Debian package made by dpkg itself. */
export function buildPackage(
  folder: string,
  name: string,
  version: string,
  files: Readonly<Record<string, string>>,
): string {
  const tree = join(folder, `${name}-${version}`);
  mkdirSync(join(tree, 'DEBIAN'), { recursive: true });
  writeFileSync(
    join(tree, 'DEBIAN/control'),
    `Package: ${name}\nVersion: ${version}\nArchitecture: all\nMaintainer: A <a@b>\nDescription: test\n`,
  );
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(tree, path, '..'), { recursive: true });
    writeFileSync(join(tree, path), content);
    chmodSync(join(tree, path), 0o755);
  }
  const built = `${tree}.deb`;
  spawnSync(
    'sh',
    ['-c', "find . -path ./DEBIAN -prune -o -type f -printf '%P\\0' | xargs -0 md5sum > DEBIAN/md5sums"],
    { cwd: tree },
  );
  const run = spawnSync('dpkg-deb', ['--root-owner-group', '--build', tree, built], { encoding: 'utf8' });
  if (run.status !== 0) throw new Error(run.stderr);
  return built;
}
