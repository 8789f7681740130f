import { join } from 'node:path';
import type { RowOf } from '#shared/tables/spec.ts';
import type { startupItems as startupSpec } from '#shared/tables/startup-items.ts';
import type { systemdUnits as unitsSpec } from '#shared/tables/systemd-units.ts';
import { linkAt, namesIn, settledLines } from '../files.ts';
import type { QueryHost } from '../reader.ts';
import { homesOf } from './accounts.linux.ts';

const unitName = /\.(service|timer|socket|path|mount|automount|target|slice|swap|scope)$/;

/** Where units are, what goes before first (systemd.unit(5)). */
function foldersOf({ etcRoot, runRoot, fsRoot, libRoot }: QueryHost): string[] {
  return [
    join(etcRoot, 'systemd/system'),
    join(runRoot, 'systemd/system'),
    join(fsRoot, 'usr/local/lib/systemd/system'),
    join(fsRoot, 'usr/lib/systemd/system'),
    join(libRoot, 'systemd/system'),
  ];
}

/** Names of units that a target wants or requires, by links in folders like multi-user.target.wants. */
function wantedIn(folders: readonly string[]): ReadonlySet<string> {
  const wanted = folders.flatMap((folder) =>
    namesIn(folder)
      .filter((name) => /\.(?:wants|requires)$/.test(name))
      .flatMap((name) => namesIn(join(folder, name))),
  );
  return new Set(wanted);
}

/** The last value of each setting, but the first of ExecStart, which may stand several times. */
function settingsAt(path: string): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  for (const line of settledLines(path)) {
    const [, name = '', value = ''] = /^(\w+)\s*=\s*(.*)$/.exec(line) ?? [];
    if (name !== '' && value !== '' && !(name === 'ExecStart' && settings.has(name)))
      settings.set(name, value);
  }
  return settings;
}

export function* systemdUnits(host: QueryHost): Iterable<RowOf<typeof unitsSpec>> {
  const folders = foldersOf(host);
  const wanted = wantedIn(folders);
  const seen = new Set<string>();
  for (const folder of folders) {
    for (const name of namesIn(folder)) {
      const type = unitName.exec(name)?.[1];
      if (type === undefined || seen.has(name)) continue;
      seen.add(name);
      const path = join(folder, name);
      const settings = settingsAt(path);
      yield {
        id: name,
        unit_type: type,
        description: settings.get('Description'),
        fragment_path: path,
        enabled: Number(wanted.has(name)),
        exec_start: settings.get('ExecStart'),
        user: settings.get('User'),
        on_calendar: settings.get('OnCalendar'),
        masked: Number(linkAt(path) === '/dev/null'),
        source: folder,
      };
    }
  }
}

function* autostartIn(folder: string): Iterable<RowOf<typeof startupSpec>> {
  for (const name of namesIn(folder)) {
    if (!name.endsWith('.desktop')) continue;
    const path = join(folder, name);
    const settings = settingsAt(path);
    if (settings.get('Hidden') === 'true') continue;
    yield {
      name: settings.get('Name') ?? name,
      path,
      args: settings.get('Exec'),
      type: 'Autostart entry',
      source: folder,
      status: 'enabled',
    };
  }
}

export function* startupItems(host: QueryHost): Iterable<RowOf<typeof startupSpec>> {
  for (const unit of systemdUnits(host)) {
    if (unit.enabled !== 1 || unit.masked === 1) continue;
    const { id, fragment_path, exec_start, source } = unit;
    const type = 'Systemd unit';
    yield { name: id, path: fragment_path, args: exec_start, type, source, status: 'enabled' };
  }
  for (const level of ['2', '3', '4', '5', 'S']) {
    const folder = join(host.etcRoot, `rc${level}.d`);
    for (const name of namesIn(folder)) {
      if (!/^S\d\d/.test(name)) continue;
      yield {
        name: name.slice(3),
        path: join(folder, name),
        type: 'Init script',
        source: folder,
        status: 'enabled',
      };
    }
  }
  yield* autostartIn(join(host.etcRoot, 'xdg/autostart'));
  for (const { home } of homesOf(host)) yield* autostartIn(join(home, '.config/autostart'));
}
