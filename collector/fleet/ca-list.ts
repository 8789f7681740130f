import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { VedetteError } from '#shared/errors.ts';
import { readText, writeText } from '#shared/files.ts';
import { type Ca, loadCa, makeCa } from './ca.ts';

/** Most CAs trusted at once; a rotation that would make more is refused. */
export const maxCas = 3;

/** CAs trusted now. The first one signs new certificates; the others are trusted until they retire. */
export interface TrustedCa {
  readonly ca: Ca;
  /** Milliseconds since the epoch; undefined for the one that signs. */
  readonly retiresAtMs: number | undefined;
}

const file = 'cas.json';
const namePattern = /^ca(-[0-9a-f]{16})?$/;

interface Kept {
  readonly signing: string;
  readonly retiring: readonly { readonly name: string; readonly retiresAtMs: number }[];
}

function parse(path: string, text: string): Kept {
  try {
    const { signing, retiring } = JSON.parse(text) as Kept;
    const isSound =
      namePattern.test(signing) &&
      retiring.every((one) => namePattern.test(one.name) && Number.isFinite(one.retiresAtMs));
    if (isSound) return { signing, retiring };
  } catch {}
  throw new VedetteError('data.corrupt', `${path} cannot be read.`);
}

async function mustLoad(folder: string, name: string): Promise<Ca> {
  const ca = await loadCa(folder, name);
  if (ca === undefined) throw new VedetteError('data.corrupt', `${join(folder, `${name}.crt`)} is missing.`);
  return ca;
}

/** The CAs kept in `folder`; before a rotation that is `ca.crt` with `ca.key`, made when there is none. */
export async function loadCas(folder: string): Promise<readonly TrustedCa[]> {
  const path = join(folder, file);
  const text = readText(path);
  if (text === undefined) {
    const ca = (await loadCa(folder, 'ca')) ?? (await makeCa(folder, 'ca'));
    return [{ ca, retiresAtMs: undefined }];
  }
  const kept = parse(path, text);
  const retiring = kept.retiring.map(async ({ name, retiresAtMs }) => ({
    ca: await mustLoad(folder, name),
    retiresAtMs,
  }));
  return [
    { ca: await mustLoad(folder, kept.signing), retiresAtMs: undefined },
    ...(await Promise.all(retiring)),
  ];
}

/** Keeps which CAs are trusted, in one step, then removes the keys of those that no longer are. */
export function saveCas(folder: string, now: readonly TrustedCa[], gone: readonly TrustedCa[] = []): void {
  const [first, ...others] = now;
  if (first === undefined) throw new Error('There is always a CA that signs.');
  const retiring = others.map(({ ca, retiresAtMs }) => ({ name: ca.name, retiresAtMs }));
  writeText(join(folder, file), `${JSON.stringify({ signing: first.ca.name, retiring }, null, 2)}\n`);
  for (const { ca } of gone) rmSync(join(folder, `${ca.name}.key`), { force: true });
}
