/** Collectors elsewhere that somebody signed in to from here, in a file that only they may read. */
import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { VedetteError } from '#shared/errors.ts';
import { readText, writeText } from '#shared/files.ts';

export interface Profile {
  /** Origin of the API. */
  readonly url: string;
  readonly token: string;
  readonly user: string;
  /** ISO 8601; null for a token without an end. */
  readonly expiresAt: string | null;
  /** PEM of the CA that was accepted; null where the system's are enough. */
  readonly ca: string | null;
  /** Name that its certificate is held against, where not the one of the URL. */
  readonly serverName: string | null;
}

interface Profiles {
  /** The one signed in to last. */
  readonly current: string | null;
  readonly collectors: readonly Profile[];
}

const othersMayRead = 0o077;

/** `XDG_CONFIG_HOME/vedette`, else `~/.config/vedette`. */
export function profileFile(): string {
  const base = process.env['XDG_CONFIG_HOME'];
  return join(
    base === undefined || base === '' ? join(homedir(), '.config') : base,
    'vedette',
    'collectors.json',
  );
}

/** Throws `data.corrupt`, `data.unreadable`, `usage.profile_exposed`. */
export function readProfiles(path = profileFile()): Profiles {
  const text = readText(path);
  if (text === undefined) return { current: null, collectors: [] };
  if (process.platform !== 'win32' && (statSync(path).mode & othersMayRead) !== 0)
    throw new VedetteError('usage.profile_exposed', `${path} may be read by others.`);
  try {
    const { current, collectors } = JSON.parse(text) as Profiles;
    if (!Array.isArray(collectors)) throw new TypeError('it has no collectors');
    return { current, collectors };
  } catch (error) {
    throw new VedetteError('data.corrupt', `${path}: ${(error as Error).message}.`, { cause: error });
  }
}

/** Keeps one, in place of what was known of that collector, and makes it the one that is asked. */
export function keepProfile(profile: Profile): void {
  const { collectors } = readProfiles();
  save({
    current: profile.url,
    collectors: [...collectors.filter(({ url }) => url !== profile.url), profile],
  });
}

export function forgetProfile(url: string): void {
  const { current, collectors } = readProfiles();
  const kept = collectors.filter((one) => one.url !== url);
  save({ current: current === url ? (kept.at(-1)?.url ?? null) : current, collectors: kept });
}

/** The one of that URL, or the current one. */
export function findProfile(url: string | undefined): Profile | undefined {
  const { current, collectors } = readProfiles();
  const wanted = url === undefined ? current : originOf(url);
  return collectors.find((one) => one.url === wanted);
}

/** Throws `usage.invalid`. Over plain HTTP only to this machine: passwords and tokens would travel in the clear. */
export function originOf(text: string): string {
  const url = URL.parse(text.includes('://') ? text : `https://${text}`);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    throw new VedetteError('usage.invalid', `${text} is not an address like https://collector:7080.`);
  const isLoopback = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol === 'http:' && !isLoopback)
    throw new VedetteError(
      'usage.invalid',
      `${text}: only a collector on this machine is asked without TLS.`,
    );
  return url.origin;
}

function save(profiles: Profiles): void {
  const path = profileFile();
  const folder = join(path, '..');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (process.platform !== 'win32') chmodSync(folder, 0o700);
  writeText(path, `${JSON.stringify(profiles, null, 2)}\n`);
}
