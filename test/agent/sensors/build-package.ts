import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
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

/** A package made by rpmbuild and installed by rpm into the root. */
export function installRpm(root: string, files: Readonly<Record<string, string>>): void {
  const build = join(root, 'rpmbuild');
  const tree = join(build, 'tree');
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(tree, path, '..'), { recursive: true });
    writeFileSync(join(tree, path), content, { mode: 0o755 });
  }
  const spec = [
    'Name: vedette-probe',
    'Version: 1.5',
    'Release: 2',
    'Epoch: 3',
    'Summary: test',
    'License: none',
    'Vendor: Example',
    'BuildArch: noarch',
    '%description',
    'test',
    '%files',
    ...Object.keys(files).map((path) => `${path.startsWith('/etc') ? '%config ' : ''}"${path}"`),
  ];
  writeFileSync(join(build, 'probe.spec'), `${spec.join('\n')}\n`);
  const run = (command: string, ...args: string[]) => {
    const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
  };
  run(
    'rpmbuild',
    '-bb',
    '--quiet',
    '--define',
    `_topdir ${build}`,
    '--buildroot',
    tree,
    '--define',
    '__spec_install_pre true',
    join(build, 'probe.spec'),
  );
  const database = join(root, 'var/lib/rpm');
  run('rpm', '--root', root, '--dbpath', '/var/lib/rpm', '--initdb');
  const archive = join(build, 'RPMS/noarch/vedette-probe-1.5-2.noarch.rpm');
  run('rpm', '--root', root, '--dbpath', '/var/lib/rpm', '--install', '--nodeps', '--noscripts', archive);
  if (!existsSync(database)) throw new Error('rpm keeps its database elsewhere');
}
