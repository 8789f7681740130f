import { nowUs } from '#shared/clock.ts';
import type { EventByType } from '#shared/events/registry.gen.ts';
import { detached } from '../detached.ts';
import type { Emit } from '../sensor.ts';
import { compareVersions } from './version-order.ts';

/** Packages of one system that are read; far above what hosts have. */
export const maxPackages = 200_000;

export interface PackageFacts {
  readonly name: string;
  readonly version: string | undefined;
  /** Package system: deb, rpm, apk, pacman, snap, flatpak, npm, pip, gem, brew, windows. */
  readonly type: string;
  readonly architecture?: string | undefined;
  readonly sizeBytes?: number | undefined;
  readonly maintainer?: string | undefined;
  readonly origin?: string | undefined;
  /** How it was verified when it was installed: a key, a kind of check, or `none`. */
  readonly signature?: string | undefined;
  /** Microseconds since the epoch. */
  readonly installedAt?: number | undefined;
}

function fields(found: PackageFacts) {
  return {
    'package.name': found.name,
    'package.version': found.version,
    'package.type': found.type,
    'package.architecture': found.architecture,
    'package.size': found.sizeBytes,
    'package.maintainer': found.maintainer,
    'package.origin': found.origin,
    'package.signature': found.signature,
    'package.installed': found.installedAt,
  };
}

type Change = EventByType['package.change'];

/**
 * What is installed, compared from reading to reading. Keeps a version per package and nothing else. A package is
 * told by name and architecture; systems that keep several versions side by side (kernels under rpm) are told by
 * version as well, so an upgrade there is an installation and a removal.
 */
export class Inventory {
  #versions = new Map<string, string>();
  #first = true;

  /** The packages that are new or have another version than at the last `renew`. */
  changed(found: readonly PackageFacts[]): PackageFacts[] {
    const keys = keysOf(found);
    return found.filter((one, i) => this.#versions.get(keys[i] ?? '') !== (one.version ?? ''));
  }

  /** Takes a whole reading: emits every package as state the first time, and the differences from then on. */
  renew(found: readonly PackageFacts[], emit: Emit): void {
    const time = nowUs();
    const keys = keysOf(found);
    const versions = new Map<string, string>();
    for (const [i, one] of found.entries()) {
      const key = keys[i] ?? '';
      versions.set(detached(key), detached(one.version ?? ''));
      if (this.#first) emit({ type: 'package.state', time, 'event.baseline': true, ...fields(one) });
      else this.#compare(key, one, time, emit);
    }
    for (const [key, version] of this.#versions) {
      if (versions.has(key)) continue;
      const [type = '', name = '', architecture] = key.split('\0');
      emit({
        type: 'package.change',
        time,
        'event.action': 'removed',
        ...fields({ type, name, version, architecture: architecture || undefined }),
      });
    }
    this.#versions = versions;
    this.#first = false;
  }

  #compare(key: string, one: PackageFacts, time: number, emit: Emit): void {
    const before = this.#versions.get(key);
    if (before === (one.version ?? '')) return;
    const action: Change['event.action'] =
      before === undefined
        ? 'installed'
        : compareVersions(one.version ?? '', before) < 0
          ? 'downgraded'
          : 'upgraded';
    emit({
      type: 'package.change',
      time,
      'event.action': action,
      ...fields(one),
      'package.previous_version': before,
    });
  }
}

function keysOf(found: readonly PackageFacts[]): string[] {
  const plain = found.map((one) => `${one.type}\0${one.name}\0${one.architecture ?? ''}`);
  const times = new Map<string, number>();
  for (const key of plain) times.set(key, (times.get(key) ?? 0) + 1);
  return plain.map((key, i) => ((times.get(key) ?? 0) > 1 ? `${key}\0${found[i]?.version ?? ''}` : key));
}
