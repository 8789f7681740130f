import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import type { FileSettings, ProviderKind } from '../options.ts';
import type { ProcessEntry } from '../process/table.ts';
import type { Provider } from '../provider.ts';
import type { Emit } from '../sensor.ts';
import { Baseline } from './baseline.ts';
import { ContentHash } from './content-hash.ts';
import type { IdNames } from './events.ts';
import { type FileFacts, factsOf } from './facts.ts';
import { FolderWatch } from './folder-watch.ts';
import { Ledger } from './ledger.ts';
import { joined, literalPrefix, PathRules, parentOf, type WatchedPath } from './path-rules.ts';
import { Touched } from './touched.ts';
import { FileTracker } from './tracker.ts';

/** From the first signal to the look, so that a file is looked at once for one piece of work. */
const settleMs = 150;
/** Looks after which every watched folder was looked at again, in case signals were lost. */
const looksPerRound = 12;

/** What differs between systems. */
export interface FileHost {
  readonly kind: ProviderKind;
  /** `event.provider` of what the system's watches tell. */
  readonly watchSource: string;
  readonly names: IdNames;
  /** The declared paths; asked at each look, since users come and go. The same array as long as nothing changed. */
  paths(): readonly WatchedPath[];
  /** What of the declared paths is left out, in words. */
  note(): string | undefined;
}

export interface WatchedFilesOptions {
  readonly host: FileHost;
  readonly settings: FileSettings;
  /** False for a single reading: no baseline on the disk, no watch, nothing in the background. */
  readonly watching: boolean;
  readonly writerOf: (path: string, timeUs: number) => ProcessEntry | undefined;
  /** Told of what fails between looks. */
  readonly onError: (error: unknown) => void;
}

/** Everything that goes with one set of declared paths. */
interface Plan {
  /** As the host declared them. */
  readonly declared: readonly WatchedPath[];
  readonly tracker: FileTracker;
  readonly watch: FolderWatch;
}

/** Watches declared paths and tells what becomes of the files there. */
export class WatchedFiles implements Provider {
  readonly #options: WatchedFilesOptions;
  readonly #touched = new Touched<FileFacts | undefined>();
  #baseline: Baseline | undefined;
  #hash: ContentHash | undefined;
  #ledger: Ledger | undefined;
  #plan: Plan | undefined;
  #emit: Emit = () => {};
  #timer: NodeJS.Timeout | undefined;
  /** Looks of all kinds, one after the other. */
  #work: Promise<void> = Promise.resolve();
  #position = 0;
  #closed = false;

  constructor(options: WatchedFilesOptions) {
    this.#options = options;
  }

  get kind(): ProviderKind {
    return this.#options.host.kind;
  }

  get mode(): 'kernel' | 'sampled' {
    return this.#plan !== undefined && this.#plan.watch.size > 0 && this.#plan.watch.refusals().size === 0
      ? 'kernel'
      : 'sampled';
  }

  async open(): Promise<string | undefined> {
    const paths = this.#paths(this.#options.host.paths());
    const rules = new PathRules(paths, this.#options.settings.excludes);
    const isHere = paths.some(({ glob }) => isAnyHere(glob, rules));
    return isHere ? undefined : 'none of the watched paths is here';
  }

  async look(emit: Emit): Promise<void> {
    this.#emit = emit;
    await this.#inTurn(() => this.#look());
  }

  note(): string | undefined {
    const plan = this.#plan;
    if (plan === undefined) return undefined;
    const { tracker, watch } = plan;
    const refusals = [...watch.refusals()].map(([code, count]) => `${count} (${code})`);
    const skipped = this.#hash?.skipped ?? 0;
    const notes = [
      `${tracker.folders.size} folders`,
      refusals.length > 0
        ? `looked at every interval because they cannot be watched: ${refusals.join(', ')}`
        : '',
      tracker.refused > 0 ? `${tracker.refused} cannot be listed` : '',
      tracker.overfull > 0 ? `${tracker.overfull} hold more than is looked at` : '',
      this.#ledger?.full ? 'there are more files than the baseline keeps' : '',
      skipped > 0 ? `${skipped} files were not hashed, too many at once` : '',
      this.#options.host.note() ?? '',
      this.#baseline?.note() ?? '',
    ];
    return notes.filter((text) => text !== '').join('; ');
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#ledger?.end();
    await this.#hash?.close();
    await this.#work;
    await this.#plan?.watch.stop();
    this.#baseline?.close();
    this.#plan = undefined;
    this.#baseline = undefined;
  }

  #paths(declared: readonly WatchedPath[]): readonly WatchedPath[] {
    const custom = this.#options.settings.paths.map((glob) => ({ set: 'custom', glob }));
    return [...custom, ...declared].map(resolved);
  }

  async #look(): Promise<void> {
    const { watching, settings } = this.#options;
    this.#baseline ??= new Baseline(watching ? settings.baselinePath : undefined, settings.commitDelayMs);
    const baseline = this.#baseline;
    const declared = this.#options.host.paths();
    if (this.#plan?.declared === declared) {
      const { watch, tracker } = this.#plan;
      const due = (await watch.tryAgain()) ? [...tracker.folders.keys()] : this.#due(this.#plan);
      baseline.together();
      try {
        await tracker.lookAgain(due);
      } finally {
        baseline.apart();
      }
    }
    if (this.#plan?.declared !== declared || baseline.wiped) await this.#begin(declared, baseline);
    baseline.tend(true);
  }

  /** Takes up a new set of paths: first the watches, then a look at everything, so that nothing falls between. */
  async #begin(declared: readonly WatchedPath[], baseline: Baseline): Promise<void> {
    const { host, settings, watching } = this.#options;
    await this.#plan?.watch.stop();
    const paths = this.#paths(declared);
    const rules = new PathRules(paths, settings.excludes);
    const ledger = this.#ledgerOf(baseline);
    const tracker = new FileTracker({ rules, baseline, ledger, watchSource: host.watchSource });
    const roots = rootsOf(paths, rules);
    const watch = new FolderWatch({
      roots,
      leads: (folder) => rules.verdict(folder).leads,
      onTouch: (folder, name) => this.#touch(rules, folder, name),
    });
    this.#plan = { declared, tracker, watch };
    if (watching) await watch.start();
    const first = !baseline.complete;
    await tracker.lookAtAll(roots, {
      baseline: first,
      provider: first ? 'scan' : 'restart',
      since: first ? undefined : baseline.aliveAt,
    });
  }

  #ledgerOf(baseline: Baseline): Ledger {
    const { host, settings, watching, writerOf } = this.#options;
    const { hashMaxBytes: maxBytes, hashBytesPerSecond: bytesPerSecond } = settings;
    this.#hash ??= new ContentHash({ maxBytes, bytesPerSecond });
    this.#ledger ??= new Ledger({
      baseline,
      hash: this.#hash,
      inBackground: watching,
      names: host.names,
      writerOf,
      emit: (event) => this.#emit(event),
      again: (path) => this.#note(parentOf(path), path.slice(path.lastIndexOf('/') + 1)),
    });
    return this.#ledger;
  }

  /** Folders without a watch, and the next ones of a round through all. */
  #due({ tracker, watch }: Plan): Set<string> {
    const folders = [...tracker.folders.keys()];
    const due = new Set(folders.filter((folder) => !watch.isWatched(folder)));
    const share = Math.ceil(folders.length / looksPerRound);
    for (let i = 0; i < share; i++) due.add(folders[this.#position++ % folders.length] ?? '/');
    return due;
  }

  /** A watch told of something. Most of it is about names nobody asked for. */
  #touch(rules: PathRules, folder: string, name: string | undefined): void {
    if (this.#closed) return;
    // A name that is not UTF-8 comes garbled: only a look at the folder gives its bytes.
    if (name === undefined || name.includes('\uFFFD')) {
      if (!rules.below(folder).leads) return;
      this.#touched.addFolder(folder);
      this.#lookSoon();
      return;
    }
    const { watched, leads } = rules.verdict(joined(folder, name));
    if (watched !== undefined || leads) this.#note(folder, name);
  }

  #note(folder: string, name: string): void {
    this.#touched.add(folder, name, () => seen(joined(folder, name)));
    this.#lookSoon();
  }

  #lookSoon(): void {
    if (this.#closed) return;
    this.#timer ??= setTimeout(() => {
      this.#inTurn(async () => {
        this.#timer = undefined;
        await this.#plan?.tracker.lookAtTouched(this.#touched.take());
      }).catch(this.#options.onError);
    }, settleMs);
  }

  /** Runs it when what runs now is over; a failure is the caller's. */
  async #inTurn(run: () => Promise<void>): Promise<void> {
    const turn = this.#work.then(() => (this.#closed ? undefined : run()));
    this.#work = turn.catch(() => {});
    await turn;
  }
}

function seen(path: string): FileFacts | undefined {
  try {
    return factsOf(path);
  } catch {
    return undefined;
  }
}

/** The declared path with the links on the way to it followed, since watches do not follow them. */
function resolved(path: WatchedPath): WatchedPath {
  const prefix = literalPrefix(path.glob);
  for (let folder = prefix === path.glob ? parentOf(prefix) : prefix; ; folder = parentOf(folder)) {
    try {
      const real = realpathSync(folder).replaceAll('\\', '/');
      const rest = path.glob.slice(folder === '/' ? 0 : folder.length);
      return real === folder ? path : { ...path, glob: (real === '/' ? '' : real) + rest };
    } catch {
      if (folder === parentOf(folder)) return path;
    }
  }
}

/** For each path the nearest folder there is above it, without those that lie below another. */
function rootsOf(paths: readonly WatchedPath[], rules: PathRules): string[] {
  const nearest = new Set<string>();
  for (const { glob } of paths) {
    let folder = parentOf(literalPrefix(glob));
    while (!isFolder(folder) && folder !== parentOf(folder)) folder = parentOf(folder);
    nearest.add(folder);
  }
  const isReached = (folder: string): boolean => {
    for (let at = folder; at !== parentOf(at); ) {
      if (!rules.verdict(at).leads) return false;
      at = parentOf(at);
      if (nearest.has(at)) return true;
    }
    return false;
  };
  return [...nearest].filter((folder) => !isReached(folder)).sort();
}

/** Whether what the glob leads to may be there, as far as its first part with a sign of a glob. */
function isAnyHere(glob: string, rules: PathRules): boolean {
  const prefix = literalPrefix(glob);
  if (glob === prefix || glob === `${prefix}/**`) return existsSync(prefix);
  try {
    return readdirSync(prefix).some((name) => {
      const { watched, leads } = rules.verdict(joined(prefix, name));
      return watched !== undefined || leads;
    });
  } catch {
    return false;
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
