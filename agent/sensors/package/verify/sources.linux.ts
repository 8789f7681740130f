import type { Settings } from '../../options.ts';
import { apkPackages } from './apk.linux.ts';
import { dpkgPackages } from './dpkg.linux.ts';
import type { OwnedPackages } from './owned-files.ts';
import { pacmanPackages } from './pacman.linux.ts';
import { pipPackages } from './pip.linux.ts';
import { rpmPackages } from './rpm.linux.ts';

/** The package systems that keep sums of their files. */
export function ownedPackages(settings: Settings): readonly OwnedPackages[] {
  return [dpkgPackages, apkPackages, rpmPackages, pacmanPackages, pipPackages].map(
    (packages) => () => packages(settings),
  );
}
