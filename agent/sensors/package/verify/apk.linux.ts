import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { Settings } from '../../options.ts';
import { stanzaField, stanzasOf } from '../stanzas.linux.ts';
import type { OwnedFile, OwnedPackage } from './owned-files.ts';

/** Packages of apk, whose database holds folders (F), their files (R) with modes (a) and sums (Z). */
export async function* apkPackages({ libRoot, fsRoot }: Settings): AsyncGenerator<OwnedPackage> {
  for await (const stanzas of stanzasOf(createReadStream(join(libRoot, 'apk/db/installed')))) {
    for (const stanza of stanzas) {
      const name = stanzaField(stanza, 'P', ':');
      if (name === undefined) continue;
      yield {
        type: 'apk',
        name,
        version: stanzaField(stanza, 'V', ':'),
        architecture: stanzaField(stanza, 'A', ':'),
        files: () => apkFiles(stanza, fsRoot),
      };
    }
  }
}

/** The files of one package; /etc is configuration, as apk itself protects it. */
export function* apkFiles(stanza: string, fsRoot: string): IterableIterator<OwnedFile> {
  let folder = '';
  let name = '';
  let mode: number | undefined;
  for (const line of stanza.split('\n')) {
    const value = line.slice(2);
    if (line.startsWith('F:')) folder = value;
    else if (line.startsWith('R:')) [name, mode] = [value, undefined];
    else if (line.startsWith('a:')) mode = octal(value.split(':')[2]);
    else if (line.startsWith('Z:')) {
      const digest = sha1Of(value);
      const path = `/${folder}/${name}`;
      if (digest === undefined || name === '' || /\/\.\.?(?:\/|$)/.test(path) || /^\/etc(?:\/|$)/.test(path))
        continue;
      yield { path: join(fsRoot, path), algorithm: 'sha1', digest, mode: mode ?? 0o644 };
    }
  }
}

/** `Q1` and the SHA-1 in base64. */
function sha1Of(text: string): string | undefined {
  if (!/^Q1[A-Za-z0-9+/]{27}=$/.test(text)) return undefined;
  return Buffer.from(text.slice(2), 'base64').toString('hex');
}

function octal(text: string | undefined): number | undefined {
  return /^[0-7]{1,5}$/.test(text ?? '') ? Number.parseInt(text ?? '', 8) : undefined;
}
