import type { DetectorContext, DetectorSpec, Observation, RunningDetector, Tell } from './contract.ts';
import { EntityTable } from './entity-table.ts';
import { remember } from './evidence.ts';
import type { Plain } from './plain.ts';
import { baseName, processFields, programOf } from './process-fields.ts';
import { addRolling, countRolling, type RollingDistinct, roll, rollingAt } from './rolling.ts';
import { secondsText } from './words.ts';

/** What one process did to files; distinct paths of one to two windows, counts of the same. */
type Activity = RollingDistinct & {
  counts: { changed: number; renamed: number; removed: number; created: number };
  earlier: { changed: number; renamed: number; removed: number; created: number };
  /** By extension that a file got by renaming or creating. */
  extensions: Map<string, number>;
  folders: string[];
  told: number;
  ids: string[];
};

const growth = 1.2;
const mostExtensions = 16;
const mostFolders = 32;

const spec = {
  name: 'ransom',
  doc: 'Many files changed, renamed and removed by one process, or on one host where the process is not known, within a short time, and the extension they get in common.',
  kinds: {
    changed: 'Many distinct files were changed, renamed or removed.',
    extension: 'Many files got one extension that they did not have.',
  },
  types: ['file.change', 'file.rename', 'file.delete', 'file.create'],
  version: 2,
  parameters: {
    window_s: {
      doc: 'Length of the window; one to two of them are looked at.',
      usual: 60,
      least: 5,
      most: 3_600,
    },
    files: { doc: 'Fewest distinct files that are told of.', usual: 40, least: 5, most: 1e6 },
    share: {
      doc: 'Share of new names that must have one extension for it to be in common.',
      usual: 0.8,
      least: 0.1,
      most: 1,
    },
  },
  lookbackS: (p) => 2 * p['window_s']!,
  make: (context) => new Ransom(context),
} as const satisfies DetectorSpec;
export const ransom: DetectorSpec = spec;

const actions = {
  'file.change': 'changed',
  'file.rename': 'renamed',
  'file.delete': 'removed',
  'file.create': 'created',
} as const;

class Ransom implements RunningDetector {
  readonly #p: Readonly<Record<string, number>>;
  readonly #processes: EntityTable<Activity>;

  constructor({ parameters, memory }: DetectorContext) {
    this.#p = parameters;
    this.#processes = new EntityTable('processes', memory, 50_000);
  }

  get tables() {
    return [this.#processes.stats];
  }

  observe(seen: Observation, tell: Tell): void {
    const path = seen.text('file.path');
    const type = seen.text('file.type');
    if (path === undefined || seen.flag('event.baseline') || type === 'dir') return;
    const { time } = seen;
    const who = seen.text('process.entity_id') ?? programOf(seen) ?? '';
    const activity = this.#processes.obtain(`${seen.hostId}\0${who}`, time, () => ({
      ...rollingAt(time),
      ...{ counts: noCounts(), earlier: noCounts(), extensions: new Map(), folders: [], told: 0, ids: [] },
    }));
    if (roll(activity, time, this.#p['window_s']! * 1e6)) {
      const isNext = activity.firstAt !== time;
      activity.earlier = isNext ? activity.counts : noCounts();
      activity.counts = noCounts();
      activity.extensions = new Map();
      activity.folders = [];
      activity.told = 0;
    }
    if (!this.#add(activity, path, seen)) return;
    const least = Math.max(this.#p['files']!, activity.told * growth);
    const { changed, renamed, removed, created } = sumOf(activity.counts, activity.earlier);
    if (changed + renamed + removed + created < least) return;
    // The old name counts to a file that was renamed; what was only created harms nothing that was there.
    const files = Math.min(countRolling(activity), changed + renamed + removed);
    if (files < least) return;
    activity.told = files;
    this.#tellOf(activity, files, seen, tell);
  }

  /** Gives whether it is another file than those before. */
  #add(activity: Activity, path: string, seen: Observation): boolean {
    const action = actions[seen.type as keyof typeof actions];
    const before = seen.text('file.previous.path');
    activity.counts[action]++;
    const isOther = addRolling(activity, before ?? path);
    if (isOther) remember(activity.ids, seen.id);
    const folder = path.slice(0, path.lastIndexOf('/'));
    if (activity.folders.length < mostFolders && !activity.folders.includes(folder))
      activity.folders.push(folder);
    if (action !== 'renamed' && action !== 'created') return isOther;
    const extension = extensionOf(path);
    if (extension === '' || (before !== undefined && extensionOf(before) === extension)) return isOther;
    const { extensions } = activity;
    if (extensions.has(extension) || extensions.size < mostExtensions)
      extensions.set(extension, (extensions.get(extension) ?? 0) + 1);
    return isOther;
  }

  #tellOf(activity: Activity, files: number, seen: Observation, tell: Tell): void {
    const counts = sumOf(activity.counts, activity.earlier);
    const [common] = [...activity.extensions].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
    const named = activity.counts.renamed + activity.counts.created;
    const isCommon =
      common !== undefined &&
      common[1] >= this.#p['share']! * Math.max(1, named) &&
      common[1] * 2 >= this.#p['files']!;
    const who = programOf(seen) ?? 'A process that is not known';
    const span = (seen.time - activity.firstAt) / 1e6;
    const ending = isCommon ? `; ${common[1]} got the extension ${common[0]}` : '';
    tell({
      kind: isCommon ? 'extension' : 'changed',
      entity: seen.text('process.entity_id') ?? programOf(seen) ?? 'files',
      summary: `${who} changed ${counts.changed}, renamed ${counts.renamed} and removed ${counts.removed} files in ${activity.folders.length} folders within ${secondsText(span)}${ending}`,
      eventIds: [...activity.ids],
      firstAt: activity.firstAt,
      lastAt: seen.time,
      fields: {
        ...processFields(seen),
        'finding.count': files,
        'finding.targets': activity.folders.length,
        'finding.span_s': span,
        'finding.values': activity.folders.slice(0, 8),
        ...(isCommon && { 'file.extension': common[0], 'finding.ratio': common[1] / Math.max(1, named) }),
        'file.path': seen.text('file.path'),
      },
    });
  }

  save(): Plain {
    return this.#processes.save();
  }

  load(saved: Plain): void {
    this.#processes.load(saved);
  }
}

function noCounts() {
  return { changed: 0, renamed: 0, removed: 0, created: 0 };
}

function sumOf(a: ReturnType<typeof noCounts>, b: ReturnType<typeof noCounts>) {
  return {
    changed: a.changed + b.changed,
    renamed: a.renamed + b.renamed,
    removed: a.removed + b.removed,
    created: a.created + b.created,
  };
}

/** What follows the last dot of the name, in lower case; nothing where there is no name before it. */
function extensionOf(path: string): string {
  const name = baseName(path);
  const dot = name.lastIndexOf('.');
  return dot <= 0
    ? ''
    : name
        .slice(dot + 1)
        .toLowerCase()
        .slice(0, 32);
}
