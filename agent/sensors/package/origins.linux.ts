import { spawn } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Lists as apt keeps them, plain or compressed. */
const listPattern = /_Packages(?:\.gz|\.zst|\.lz4|\.xz|\.bz2|\.lzma)?$/;
const maxLists = 256;
const failed = '!failed';

/**
 * Leaves of a list the names and versions only, outside of this process: the lists of one Debian release unpack to
 * 50 MB. `apt-helper cat-file` reads every compression apt writes.
 */
const script = `
{
  case "$1" in
    *_Packages) cat "$1" ;;
    *) /usr/lib/apt/apt-helper cat-file "$1" ;;
  esac || echo '${failed}'
} | LC_ALL=C grep -aE '^(Package: |Version: |${failed})'`;

/**
 * Where apt knows a package version from. Streams its lists (`lists` under apt's state folder) and keeps only what
 * was asked for. Gives `name version` → repository; undefined when there are no lists or one cannot be read, since
 * then nothing can be said of what is missing.
 */
export async function aptOrigins(
  listsFolder: string,
  wanted: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<Map<string, string> | undefined> {
  const lists = await listsIn(listsFolder);
  if (lists.length === 0) return undefined;
  const origins = new Map<string, string>();
  try {
    for (const list of lists) await scan(join(listsFolder, list), repositoryOf(list), wanted, origins);
  } catch {
    return undefined;
  }
  return origins;
}

async function listsIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => listPattern.test(name)).slice(0, maxLists);
  } catch {
    return [];
  }
}

/** Throws when the list cannot be read whole. */
async function scan(
  path: string,
  repository: string,
  wanted: ReadonlyMap<string, ReadonlySet<string>>,
  origins: Map<string, string>,
): Promise<void> {
  const child = spawn('/bin/sh', ['-c', script, 'sh', path], { stdio: ['ignore', 'pipe', 'ignore'] });
  const started = new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve).once('error', reject);
  });
  const closed = new Promise((resolve) => child.once('close', resolve));
  let name = '';
  let rest = '';
  try {
    await started;
    for await (const chunk of child.stdout) {
      const lines = `${rest}${chunk}`.split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        if (line === failed) throw new Error(`${path} cannot be read`);
        if (line.startsWith('Package: ')) name = line.slice(9);
        else if (wanted.get(name)?.has(line.slice(9)) === true) {
          const key = `${name} ${line.slice(9)}`;
          if (!origins.has(key)) origins.set(key, repository);
        }
      }
    }
    await closed;
  } finally {
    child.kill('SIGKILL');
  }
}

/** `deb.debian.org_debian_dists_bookworm_main_binary-amd64_Packages` → `deb.debian.org/debian bookworm/main`. */
export function repositoryOf(list: string): string {
  const plain = list.replace(listPattern, '').replace(/_binary-[^_]+$/, '');
  const [site = '', suite] = plain.split('_dists_');
  const text = (part: string) => decode(part.replaceAll('_', '/'));
  return suite === undefined ? text(site) : `${text(site)} ${text(suite)}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
