import { nowUs } from '#shared/clock.ts';
import type { ProcessEntry } from '../process/table.ts';
import type { Emit } from '../sensor.ts';
import type { Baseline } from './baseline.ts';
import { type ContentHash, inlineBytes } from './content-hash.ts';
import { type FileOutcome, type FileSource, fileEvent, type IdNames } from './events.ts';
import { differences, type FileFacts, factsOf, type KnownFile } from './facts.ts';

/** A path at which something differs from what is known, before it was read. */
export interface Finding {
  readonly path: string;
  readonly set: string;
  readonly before: KnownFile | undefined;
  readonly after: FileFacts | undefined;
  /** It is there, but no longer of the kind that is watched: tell of the change and forget it. */
  readonly leaves?: boolean;
}

export interface LedgerOptions {
  readonly baseline: Baseline;
  readonly hash: ContentHash;
  /** Whether larger files are read in the background; else they have no hash. */
  readonly inBackground: boolean;
  readonly names: IdNames;
  readonly writerOf: (path: string, timeUs: number) => ProcessEntry | undefined;
  readonly emit: Emit;
  /** Asks for another look at a path that changed while it was read. */
  readonly again: (path: string) => void;
}

/**
 * Turns findings into events and keeps the baseline in step: nothing is told that is not kept, and nothing kept that
 * was not told. Renames are recognised among the findings of one call by inode and birth time.
 */
export class Ledger {
  readonly #options: LedgerOptions;
  /** Paths whose content is being read. */
  readonly #reading = new Set<string>();
  #full = false;
  #ended = false;

  constructor(options: LedgerOptions) {
    this.#options = options;
  }

  /** True when the baseline had no room for a file. */
  get full(): boolean {
    return this.#full;
  }

  /** True while the content of a path is read: it is looked at again after that. */
  isReading(path: string): boolean {
    return this.#reading.has(path);
  }

  /** Tells of everything that was found, and keeps it. */
  settle(findings: readonly Finding[], source: FileSource): void {
    // Compared with nothing, everything would be new. The next look begins with a baseline.
    if (this.#options.baseline.wiped && !source.baseline) return;
    const gone = new Map<string, Finding>();
    for (const one of findings) {
      if (one.after === undefined && one.before !== undefined) gone.set(one.before.identity, one);
    }
    const renamed = new Set<string>();
    const previousOf = new Map<Finding, Finding>();
    for (const one of findings) {
      const previous = one.after === undefined ? undefined : gone.get(one.after.identity);
      if (previous === undefined || renamed.has(previous.path)) continue;
      renamed.add(previous.path);
      previousOf.set(one, previous);
    }
    for (const one of findings) {
      if (!renamed.has(one.path)) this.#read(one, previousOf.get(one), source);
    }
  }

  /** Reads in progress end without events; what they were for is found again at the next start. */
  end(): void {
    this.#ended = true;
  }

  #read(finding: Finding, previous: Finding | undefined, source: FileSource): void {
    const { path, before, after } = finding;
    const { hash, inBackground } = this.#options;
    if (after?.kind !== 'file' || !hash.wants(after.sizeBytes))
      this.#conclude(finding, previous, undefined, source);
    else if (after.stamp === before?.stamp) this.#conclude(finding, previous, before.hash, source);
    else if (after.sizeBytes <= inlineBytes) this.#conclude(finding, previous, hash.now(path), source);
    else if (!inBackground) this.#conclude(finding, previous, undefined, source);
    else void this.#readLater(finding, previous, source);
  }

  async #readLater(finding: Finding, previous: Finding | undefined, source: FileSource): Promise<void> {
    const { path, after } = finding;
    if (previous !== undefined) this.#options.baseline.remove(previous.path);
    this.#reading.add(path);
    const digest = await this.#options.hash.later(path);
    this.#reading.delete(path);
    if (this.#ended) return;
    let stands = false;
    try {
      stands = factsOf(path)?.stamp === after?.stamp;
    } catch {
      // It cannot be looked at any more: tell what was found.
    }
    this.#conclude(finding, previous, stands ? digest : undefined, source);
    if (!stands) this.#options.again(path);
  }

  #conclude(
    { path, set, before, after, leaves }: Finding,
    previous: Finding | undefined,
    hash: string | undefined,
    source: FileSource,
  ): void {
    const { baseline } = this.#options;
    const known = after === undefined ? undefined : { ...after, hash };
    const changes = before !== undefined && known !== undefined ? differences(before, known) : [];
    if (known === undefined || leaves === true) baseline.remove(path);
    else if (!baseline.put(path, known)) {
      this.#full = true;
      return;
    }
    const outcome = { path, set, before, after: known, changes };
    if (previous !== undefined) {
      baseline.remove(previous.path);
      this.#tell({ ...outcome, previousPath: previous.path }, source);
      if (before === undefined) return;
    }
    if (before === undefined || known === undefined || changes.length > 0) this.#tell(outcome, source);
  }

  #tell(outcome: FileOutcome, source: FileSource): void {
    const { names, writerOf, emit } = this.#options;
    const time = nowUs();
    const writer = source.provider === 'scan' || source.baseline ? undefined : writerOf(outcome.path, time);
    emit(fileEvent(outcome, source, names, writer, time));
  }

  /** Something came and went before it could be kept: both are told, with what was seen of it. */
  passed(path: string, set: string, seen: FileFacts | undefined, source: FileSource): void {
    const known = seen === undefined ? undefined : { ...seen, hash: undefined };
    const nothing = { path, set, before: undefined, after: known };
    const time = nowUs();
    const { names, writerOf, emit } = this.#options;
    const writer = writerOf(path, time);
    emit({ ...fileEvent(nothing, source, names, writer, time), type: 'file.create' });
    emit({
      ...fileEvent({ ...nothing, before: known, after: undefined }, source, names, writer, time),
      type: 'file.delete',
    });
  }
}
