import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import type { Settings } from '../../options.ts';
import { toolOutput } from '../../tool.ts';
import { maxTextBytes, namesIn, statOf, textOf } from '../database.linux.ts';
import { diversions } from '../verify/dpkg.linux.ts';
import { linesOfFile } from '../verify/lines.ts';

export interface Owner {
  readonly type: string;
  readonly name: string;
}

/** Which packages the files came with, for as many as a package system knows of; undefined where none could be asked. */
export async function ownersOf(
  paths: readonly string[],
  settings: Settings,
): Promise<ReadonlyMap<string, Owner> | undefined> {
  const { varRoot, libRoot, fsRoot } = settings;
  const root = fsRoot === '/' ? '' : fsRoot;
  const wanted = new Map<string, string>();
  for (const path of paths) {
    const inner = path.slice(root.length);
    wanted.set(inner, path);
    // Packages older than the merge of /bin into /usr/bin, and the like, name the path of then.
    const merged = /^\/usr(\/(?:bin|sbin|lib\w*)\/.*)$/.exec(inner)?.[1];
    if (merged !== undefined) wanted.set(merged, path);
  }
  const owners = new Map<string, Owner>();
  const own = (inner: string, type: string, name: string) => {
    const path = wanted.get(inner);
    if (path !== undefined) owners.set(path, { type, name });
  };
  const systems = [
    dpkgOwners(join(varRoot, 'lib/dpkg'), wanted, own),
    apkOwners(join(libRoot, 'apk/db/installed'), own),
    pacmanOwners(join(varRoot, 'lib/pacman/local'), own),
    rpmOwners(join(varRoot, 'lib/rpm'), wanted, own),
  ];
  const asked = await Promise.all(systems);
  return asked.includes(true) ? owners : undefined;
}

type Own = (inner: string, type: string, name: string) => void;

async function dpkgOwners(folder: string, wanted: Map<string, string>, own: Own): Promise<boolean> {
  const info = join(folder, 'info');
  const lists = namesIn(info).filter((name) => name.endsWith('.list'));
  // A diverted file lies elsewhere than the list of its package says.
  const diverted = diversions(textOf(join(folder, 'diversions'), maxTextBytes) ?? '');
  for (const [from, { to }] of diverted) {
    const path = wanted.get(to);
    if (path !== undefined) wanted.set(from, path);
  }
  for (const list of lists) {
    const name = list.slice(0, -'.list'.length).split(':', 1)[0] ?? '';
    for await (const line of linesOfFile(join(info, list))) own(line, 'deb', name);
  }
  return lists.length > 0;
}

async function apkOwners(database: string, own: Own): Promise<boolean> {
  let [name, folder] = ['', ''];
  for await (const line of linesOfFile(database)) {
    if (line.startsWith('P:')) name = line.slice(2);
    else if (line.startsWith('F:')) folder = line.slice(2);
    else if (line.startsWith('R:')) own(`/${folder}/${line.slice(2)}`, 'apk', name);
  }
  return name !== '';
}

async function pacmanOwners(local: string, own: Own): Promise<boolean> {
  const entries = namesIn(local);
  for (const entry of entries) {
    const name = entry.replace(/-[^-]+-[^-]+$/, '');
    for await (const line of linesOfFile(join(local, entry, 'files'))) own(`/${line}`, 'pacman', name);
    await breathe();
  }
  return entries.length > 0;
}

async function rpmOwners(folder: string, wanted: ReadonlyMap<string, string>, own: Own): Promise<boolean> {
  if (statOf(folder) === undefined) return false;
  for (const inner of wanted.keys()) {
    const name = await toolOutput('rpm', ['--dbpath', folder, '-qf', '--qf', '%{NAME}\\n', inner]);
    const first = name?.split('\n', 1)[0];
    if (first) own(inner, 'rpm', first);
  }
  return true;
}
