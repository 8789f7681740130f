import { catalogue, VedetteError } from '#shared/errors.ts';

/** A file of an archive or folder. */
export interface ArchiveFile {
  /** Relative, with forward slashes. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Bounds on what is unpacked; a file that is larger is passed over, an archive that is larger is refused. */
export const archiveBounds = {
  fileBytes: 2 << 20,
  totalBytes: 512 << 20,
  entries: 200_000,
  pathLength: 512,
  depth: 32,
} as const;

export function refuse(detail: string): VedetteError {
  return new VedetteError('rule.import_refused', detail || catalogue['rule.import_refused'].cause);
}

/** Rules, and what says under which licence they are. */
export function isWanted(path: string): boolean {
  return /\.ya?ml$/i.test(path) || isLicence(path);
}

export function isLicence(path: string): boolean {
  return /(?:^|\/)licen[cs]e[^/]*$/i.test(path);
}

/** The path as it may be made below a folder. Throws `rule.import_refused` for one that would lead out of it. */
export function safePath(path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  const isBad =
    path.startsWith('/') ||
    /[\\\0:]|\p{Cc}/u.test(path) ||
    parts.includes('..') ||
    parts.length === 0 ||
    parts.length > archiveBounds.depth ||
    path.length > archiveBounds.pathLength;
  if (isBad) throw refuse(`It has a file of the name ${JSON.stringify(path.slice(0, 100))}.`);
  return parts.join('/');
}
