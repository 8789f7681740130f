import type { apkPackages as apkSpec } from '#shared/tables/apk-packages.ts';
import type { debPackages as debSpec } from '#shared/tables/deb-packages.ts';
import type { npmPackages as npmSpec } from '#shared/tables/npm-packages.ts';
import type { packages as packagesSpec } from '#shared/tables/packages.ts';
import type { pythonPackages as pythonSpec } from '#shared/tables/python-packages.ts';
import type { rpmPackages as rpmSpec } from '#shared/tables/rpm-packages.ts';
import type { RowOf } from '#shared/tables/spec.ts';
import { settingsOf } from '../../sensors/options.ts';
import type { PackageFacts } from '../../sensors/package/inventory.ts';
import { packageSystems } from '../../sensors/package/systems.linux.ts';
import type { QueryHost } from '../reader.ts';

/** What the package sensor's own readers find of one type, or of all; a system that is not there is not asked. */
async function installed(host: QueryHost, type?: string): Promise<readonly PackageFacts[]> {
  const { fsRoot, etcRoot, varRoot, libRoot } = host;
  const systems = packageSystems(settingsOf({ provider: 'linux', fsRoot, etcRoot, varRoot, libRoot }));
  const asked = systems.filter(
    (system) => (type === undefined || system.type === type) && system.version() !== undefined,
  );
  const found = await Promise.all(asked.map((system) => system.read()));
  return found.flatMap((facts) => facts ?? []);
}

const seconds = (us: number | undefined) => (us === undefined ? undefined : Math.floor(us / 1e6));

export async function debPackages(host: QueryHost): Promise<RowOf<typeof debSpec>[]> {
  return (await installed(host, 'deb')).map(
    ({ name, version, architecture, sizeBytes, maintainer, installedAt }) => ({
      ...{ name, version, maintainer },
      arch: architecture,
      size: sizeBytes,
      install_time: seconds(installedAt),
    }),
  );
}

export async function rpmPackages(host: QueryHost): Promise<RowOf<typeof rpmSpec>[]> {
  return (await installed(host, 'rpm')).map(
    ({ name, version, architecture, sizeBytes, maintainer, signature, installedAt }) => ({
      ...{ name, version, signature },
      arch: architecture,
      size: sizeBytes,
      vendor: maintainer,
      install_time: seconds(installedAt),
    }),
  );
}

export async function apkPackages(host: QueryHost): Promise<RowOf<typeof apkSpec>[]> {
  return (await installed(host, 'apk')).map(({ name, version, architecture, sizeBytes, maintainer }) => ({
    ...{ name, version, maintainer },
    arch: architecture,
    size: sizeBytes,
  }));
}

export async function npmPackages(host: QueryHost): Promise<RowOf<typeof npmSpec>[]> {
  return (await installed(host, 'npm')).map(({ name, version }) => ({ name, version }));
}

export async function pythonPackages(host: QueryHost): Promise<RowOf<typeof pythonSpec>[]> {
  return (await installed(host, 'pip')).map(({ name, version }) => ({ name, version }));
}

export async function packages(host: QueryHost): Promise<RowOf<typeof packagesSpec>[]> {
  return (await installed(host)).map(({ name, version, type, architecture, sizeBytes, installedAt }) => ({
    ...{ name, version, type },
    arch: architecture,
    size: sizeBytes,
    install_time: seconds(installedAt),
  }));
}
