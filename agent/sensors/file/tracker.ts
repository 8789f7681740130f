import { setImmediate as breathe } from 'node:timers/promises';
import { nowUs } from '#shared/clock.ts';
import type { Baseline } from './baseline.ts';
import type { FileSource } from './events.ts';
import { type FileFacts, factsOf, type KnownFile } from './facts.ts';
import { maxFolders } from './folder-watch.ts';
import type { Finding, Ledger } from './ledger.ts';
import { listFolder } from './listing.ts';
import { joined, type PathRules, parentOf, type WatchedPath } from './path-rules.ts';
import type { Names } from './touched.ts';

/** Findings that are settled together; a rename is recognised within them. */
const maxFindings = 1024;
/** Looks at single files between two pauses that let other work go on. */
const stretch = 64;

export interface TrackerOptions {
  readonly rules: PathRules;
  readonly baseline: Baseline;
  readonly ledger: Ledger;
  /** `event.provider` of what a watch told of. */
  readonly watchSource: string;
}

/**
 * Compares what is there with the baseline: all of it, folder by folder, or the names a watch told of. Whatever order
 * signals come in and however many get lost, a look at a folder ends with the baseline being what is there.
 */
export class FileTracker {
  readonly #options: TrackerOptions;
  /** Folders looked into, with the time of the last look. */
  readonly #folders = new Map<string, number>();
  readonly #refused = new Set<string>();
  readonly #overfull = new Set<string>();
  /** By path, so that a path looked at twice is told once. */
  #findings = new Map<string, Finding>();
  /** Folders found gone, whose known files are still to be looked for. */
  readonly #lost = new Set<string>();

  constructor(options: TrackerOptions) {
    this.#options = options;
  }

  get folders(): ReadonlyMap<string, number> {
    return this.#folders;
  }

  /** Folders that could not be listed at the last look. */
  get refused(): number {
    return this.#refused.size;
  }

  /** Folders with more entries than are looked at, and whether there are more folders than are looked into. */
  get overfull(): number {
    return this.#overfull.size + (this.#folders.size >= maxFolders ? 1 : 0);
  }

  /** Looks at everything below the roots, and at what is known of folders that are gone. */
  async lookAtAll(roots: readonly string[], source: FileSource): Promise<void> {
    for (const root of roots) await this.#lookInto(root, source, true);
    const { baseline, rules } = this.#options;
    for (const folder of baseline.folders()) {
      if (this.#folders.has(folder)) continue;
      for (const [name, before] of baseline.children(folder)) {
        const path = joined(folder, name);
        const { watched } = rules.verdict(path);
        // Settings may have changed since it was kept.
        if (watched === undefined) baseline.remove(path);
        else this.#find(path, watched, before);
      }
    }
    this.#settle(source);
  }

  /** Looks at these folders again, not at those below them unless they are new. */
  async lookAgain(folders: Iterable<string>): Promise<void> {
    for (const folder of folders) {
      const since = this.#folders.get(folder);
      const source = { baseline: false, provider: 'scan', since };
      await this.#lookInto(folder, source, false);
      this.#findLost();
      this.#settle(source);
    }
  }

  /** Looks at what a watch told of. */
  async lookAtTouched(touched: ReadonlyMap<string, Names<FileFacts | undefined>>): Promise<void> {
    const { baseline, ledger, rules, watchSource } = this.#options;
    const source = { baseline: false, provider: watchSource, since: undefined };
    const passing: { path: string; watched: WatchedPath; seen: FileFacts | undefined }[] = [];
    let looked = 0;
    for (const [folder, names] of touched) {
      if (names === 'all') {
        await this.#lookInto(folder, source, false);
        continue;
      }
      const below = rules.below(folder);
      for (const [name, seen] of names) {
        const { watched, leads } = below.verdict(name);
        const path = joined(folder, name);
        const before = watched === undefined ? undefined : baseline.get(path);
        const after = watched === undefined && !leads ? undefined : this.#find(path, watched, before);
        if (leads && after !== 'refused') {
          if (after?.kind === 'dir') await this.#lookInto(path, source, true);
          else this.#lost.add(path);
        }
        if (after === undefined && before === undefined && watched !== undefined && !ledger.isReading(path)) {
          passing.push({ path, watched, seen });
        }
        if (++looked % stretch === 0) await breathe();
      }
    }
    this.#findLost();
    const there = new Set([...this.#findings.values()].map(({ after }) => after?.identity));
    this.#settle(source);
    for (const { path, watched, seen } of passing) {
      if (
        seen === undefined
          ? watched.only === undefined
          : isWatched(watched, seen) && !there.has(seen.identity)
      ) {
        ledger.passed(path, watched.set, seen, source);
      }
    }
  }

  async #lookInto(folder: string, source: FileSource, deep: boolean): Promise<void> {
    const { baseline, rules } = this.#options;
    const below = rules.below(folder);
    if (!below.leads || (!this.#folders.has(folder) && this.#folders.size >= maxFolders)) return;
    const known = baseline.children(folder);
    const inner: string[] = [];
    const end = await listFolder(folder, ({ name, isFolder, isFile }) => {
      const { watched, leads } = below.verdict(name);
      if (watched === undefined && !leads) return;
      const path = joined(folder, name);
      if (leads && isFolder && (deep || !this.#folders.has(path))) inner.push(path);
      const before = known.get(name);
      known.delete(name);
      if (watched === undefined || (watched.only !== undefined && !isFile && before === undefined)) return;
      this.#find(path, watched, before);
    });
    this.#note(folder, end);
    // Only what a whole list lacks is gone, and even then each is asked for once more.
    if (end === 'whole' || end === 'gone') {
      for (const [name, before] of known) {
        const { watched } = below.verdict(name);
        if (watched !== undefined) this.#find(joined(folder, name), watched, before);
      }
    }
    // Nothing in a baseline was renamed, so there is no need to collect it.
    if (this.#findings.size >= (source.baseline ? stretch : maxFindings)) this.#settle(source);
    for (const path of inner) await this.#lookInto(path, source, true);
  }

  #note(folder: string, end: Awaited<ReturnType<typeof listFolder>>): void {
    if (end === 'gone') this.#lost.add(folder);
    else this.#folders.set(folder, nowUs());
    mark(this.#refused, folder, end === 'refused');
    mark(this.#overfull, folder, end === 'too-many');
  }

  /** Compares one path; gives what is there, and `refused` where that cannot be told now. */
  #find(
    path: string,
    watched: WatchedPath | undefined,
    before: KnownFile | undefined,
  ): FileFacts | undefined | 'refused' {
    if (this.#options.ledger.isReading(path)) return 'refused';
    let after: FileFacts | undefined;
    try {
      after = factsOf(path);
    } catch {
      return 'refused';
    }
    if (watched === undefined || after?.stamp === before?.stamp) return after;
    const { set } = watched;
    const stays = after === undefined || isWatched(watched, after);
    if (stays || before !== undefined) this.#findings.set(path, { path, set, before, after, leaves: !stays });
    return after;
  }

  /** What is known below folders that are gone is gone too. */
  #findLost(): void {
    const lost = this.#lost;
    if (lost.size === 0) return;
    const { baseline, rules } = this.#options;
    const isLost = (folder: string): boolean =>
      lost.has(folder) || (folder !== parentOf(folder) && isLost(parentOf(folder)));
    for (const folder of [...this.#folders.keys()]) if (isLost(folder)) this.#folders.delete(folder);
    for (const folder of baseline.folders().filter(isLost)) {
      for (const [name, before] of baseline.children(folder)) {
        const path = joined(folder, name);
        this.#find(path, rules.verdict(path).watched, before);
      }
    }
    lost.clear();
  }

  #settle(source: FileSource): void {
    const findings = [...this.#findings.values()];
    this.#findings.clear();
    if (findings.length > 0) this.#options.ledger.settle(findings, source);
  }
}

function isWatched({ only }: WatchedPath, { kind, mode }: FileFacts): boolean {
  return only === undefined || (kind === 'file' && (mode & 0o111) !== 0);
}

function mark(set: Set<string>, folder: string, isSo: boolean): void {
  if (isSo) set.add(folder);
  else set.delete(folder);
}
