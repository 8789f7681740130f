import type { AnyEvent } from '#shared/events/registry.gen.ts';
import type { Settings } from '../options.ts';
import type { Provider } from '../provider.ts';
import type { Emit } from '../sensor.ts';
import { PackageDatabases } from './databases.linux.ts';
import type { PrivilegedFiles } from './privilege/privileged-files.linux.ts';
import type { Verification } from './verify/verification.ts';

/** What goes on between the looks of a sensor that runs. */
interface Background {
  readonly verification: Verification | undefined;
  readonly privileged: PrivilegedFiles | undefined;
}

/**
 * Packages from the databases of every package system there is, their files compared with their sums, and files that
 * give rights. `following` for a sensor that runs: changes are told as the databases change, and files gone through in
 * the background.
 */
export function packageLinux(settings: Settings, following: boolean): Provider {
  const onError = (error: unknown) => settings.onError('package', error);
  const databases = new PackageDatabases(settings, onError);
  let background: Background | undefined;
  let emit: Emit = () => {};

  function tell(event: AnyEvent): void {
    emit(event);
    if (event.type === 'package.change' && event['event.action'] !== 'removed') {
      background?.verification?.urge(event['package.type'], event['package.name']);
    }
  }

  return {
    kind: 'linux',
    mode: 'sampled',
    async open() {
      return databases.present
        ? undefined
        : 'no package database is here: dpkg, apk, rpm, pacman, snap, flatpak, npm, pip or gem';
    },
    async look(given) {
      emit = given;
      await databases.look(tell, following);
      if (following) background ??= await begun(settings, tell, onError);
    },
    note() {
      const { unread } = databases;
      const differing = background?.verification?.differing ?? 0;
      const notes = [
        unread.length === 0 ? '' : `not readable: ${unread.join(', ')}`,
        differing === 0 ? '' : `${differing} package files are not as their packages say`,
        background?.privileged?.gaps ?? '',
      ].filter((text) => text !== '');
      return notes.length === 0 ? undefined : notes.join('; ');
    },
    async close() {
      emit = () => {};
      await Promise.all([
        databases.close(),
        background?.verification?.close(),
        background?.privileged?.close(),
      ]);
    },
  };
}

/** Loads what it needs only where it is wanted. */
async function begun(settings: Settings, emit: Emit, onError: (error: unknown) => void): Promise<Background> {
  const { verifyBytesPerSecond, privilegeEntriesPerSecond } = settings.package;
  const background = {
    verification: verifyBytesPerSecond === 0 ? undefined : await verificationOf(settings, emit, onError),
    privileged: privilegeEntriesPerSecond === 0 ? undefined : await privilegedOf(settings, emit, onError),
  };
  background.verification?.start();
  background.privileged?.start();
  return background;
}

async function verificationOf(settings: Settings, emit: Emit, onError: (error: unknown) => void) {
  const { ownedPackages } = await import('./verify/sources.linux.ts');
  const { Verification } = await import('./verify/verification.ts');
  const { verifyBytesPerSecond, verifyPassMs, verifyChangedMs, firstPassMs } = settings.package;
  return new Verification({
    sources: ownedPackages(settings),
    bytesPerSecond: verifyBytesPerSecond,
    passMs: verifyPassMs,
    changedMs: verifyChangedMs,
    firstMs: firstPassMs,
    emit,
    onError,
  });
}

async function privilegedOf(settings: Settings, emit: Emit, onError: (error: unknown) => void) {
  const { PrivilegedFiles } = await import('./privilege/privileged-files.linux.ts');
  return new PrivilegedFiles(settings, emit, onError);
}
