import { nowUs } from '#shared/clock.ts';
import type { EventByType } from '#shared/events/registry.gen.ts';
import { octal } from '../../file/events.ts';
import { Pace } from '../../pace.ts';
import type { Emit } from '../../sensor.ts';
import { modifiedAt } from '../modified-at.ts';
import { checkFile, type FileCheck, readBuffer, statsOf } from './check-file.ts';
import type { OwnedFile, OwnedPackage, OwnedPackages } from './owned-files.ts';

/** What a file costs besides its bytes: many small files are dearer than one large. */
const bytesPerFile = 16 * 1024;
/** What it costs to see that a file did not change. */
const bytesPerLook = 1024;
/** Files known not to be right; those beyond are told at every full pass. */
export const maxDiffering = 10_000;
/** Packages that wait to be read at once; with more, the next pass finds them. */
const maxUrgent = 1000;
/** From the change of a package to reading its files: whoever installs is still at work. */
const urgentMs = 2000;
/** File systems stamp changes with a clock that lags by up to a tick of the kernel, those on a network by more. */
const stampLagMs = 1000;
/** Documentation is taken off many hosts and images on purpose. */
const documentation = /\/usr\/share\/(?:doc|doc-base|man|info|locale|lintian|gtk-doc|help)\//;

type Extent = 'everything' | 'changed' | 'urgent';
type FileEvent = EventByType['package.file'];

export interface VerificationOptions {
  readonly sources: readonly OwnedPackages[];
  readonly bytesPerSecond: number;
  readonly passMs: number;
  readonly changedMs: number;
  readonly firstMs: number;
  readonly emit: Emit;
  readonly onError: (error: unknown) => void;
}

/**
 * Compares the files of packages with the packages' own sums, in turn and slowly: all of them once in a while, those
 * whose change time says so more often, and those of a package that was just installed at once. A change time cannot
 * be set by a program; the full pass is for whatever gets around it.
 */
export class Verification {
  readonly #options: VerificationOptions;
  readonly #pace: Pace;
  readonly #buffer = readBuffer();
  /** Path to what was told of it last. */
  readonly #differing = new Map<string, string>();
  readonly #urgent = new Set<string>();
  #running: Promise<void> = Promise.resolve();
  #wake: () => void = () => {};
  #urgentAtMs = Number.POSITIVE_INFINITY;
  #fullAtMs: number;
  #changedAtMs: number;
  /** Files that changed before this were read since. */
  #readUntilMs = 0;
  #passes = 0;

  constructor(options: VerificationOptions) {
    this.#options = options;
    this.#pace = new Pace(options.bytesPerSecond);
    this.#fullAtMs = Date.now() + options.firstMs;
    this.#changedAtMs = Number.POSITIVE_INFINITY;
  }

  /** Files that are not as their package says, as far as known. */
  get differing(): number {
    return this.#differing.size;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** A package was installed or upgraded: its files are to be read soon. */
  urge(type: string, name: string): void {
    if (this.#urgent.size >= maxUrgent) return;
    this.#urgent.add(keyOf(type, name));
    this.#urgentAtMs = Math.min(this.#urgentAtMs, Date.now() + urgentMs);
    this.#wake();
  }

  async close(): Promise<void> {
    this.#pace.close();
    this.#wake();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#pace.isClosed) {
      try {
        const waitMs = Math.min(this.#fullAtMs, this.#changedAtMs, this.#urgentAtMs) - Date.now();
        if (waitMs > 0) await this.#rest(waitMs);
        else await this.#next();
      } catch (error) {
        if (!this.#pace.isClosed) this.#options.onError(error);
      }
    }
  }

  /** Waits so long, or until woken. */
  async #rest(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      timer = setTimeout(resolve, Math.min(ms, 2 ** 31 - 1));
    });
    clearTimeout(timer);
  }

  async #next(): Promise<void> {
    const nowMs = Date.now();
    const { passMs, changedMs } = this.#options;
    if (this.#urgentAtMs <= nowMs) {
      this.#urgentAtMs = Number.POSITIVE_INFINITY;
      await this.#pass('urgent');
    } else if (this.#fullAtMs <= nowMs) {
      this.#fullAtMs = nowMs + passMs;
      await this.#pass('everything');
      this.#passes++;
      this.#readUntilMs = nowMs;
      this.#changedAtMs = Date.now() + changedMs;
    } else {
      this.#changedAtMs = nowMs + changedMs;
      await this.#pass('changed');
      this.#readUntilMs = nowMs;
    }
  }

  async #pass(extent: Extent): Promise<void> {
    const urgent = extent === 'urgent' ? new Set(this.#urgent) : undefined;
    if (urgent !== undefined) this.#urgent.clear();
    const owned = new Set<string>();
    for (const packages of this.#options.sources) {
      for await (const one of readable(packages())) {
        if (urgent?.has(keyOf(one.type, one.name)) === false) continue;
        for await (const file of one.files()) {
          await this.#check(one, file, extent);
          if (this.#differing.has(file.path)) owned.add(file.path);
        }
        if (extent !== 'urgent' && this.#urgentAtMs <= Date.now()) {
          this.#urgentAtMs = Number.POSITIVE_INFINITY;
          await this.#pass('urgent');
        }
      }
    }
    if (extent !== 'everything') return;
    for (const path of this.#differing.keys()) if (!owned.has(path)) this.#differing.delete(path);
  }

  async #check(one: OwnedPackage, file: OwnedFile, extent: Extent): Promise<void> {
    if (extent === 'changed') {
      await this.#pace.spend(bytesPerLook);
      const stats = statsOf(file.path);
      const isSame =
        stats === 'unseen' || (stats !== undefined && stats.ctimeMs < this.#readUntilMs - stampLagMs);
      const known = this.#differing.get(file.path);
      // A file known to be missing changes nothing by being missing still.
      if (isSame || (stats === undefined && known !== undefined)) return;
    }
    await this.#pace.spend(bytesPerFile);
    const found = await checkFile(file, this.#pace, this.#buffer);
    this.#tell(one, file, found, extent === 'everything' && this.#passes === 0);
  }

  #tell(one: OwnedPackage, file: OwnedFile, found: FileCheck, baseline: boolean): void {
    const { path } = file;
    if (found.result === 'unseen') return;
    if (found.result === 'right') {
      if (this.#differing.delete(path)) this.#options.emit(fileEvent(one, file, found, false));
      return;
    }
    if (found.result === 'missing' && (file.optional === true || documentation.test(path))) return;
    const summary =
      found.result === 'changed'
        ? `${found.changes.join()} ${found.digest} ${found.stats.mode}`
        : found.result;
    if (this.#differing.get(path) === summary) return;
    if (this.#differing.size < maxDiffering || this.#differing.has(path)) this.#differing.set(path, summary);
    this.#options.emit(fileEvent(one, file, found, baseline));
  }
}

/** Python writes one name in several ways (PEP 503). */
function keyOf(type: string, name: string): string {
  return `${type} ${type === 'pip' ? name.toLowerCase().replace(/[-_.]+/g, '-') : name}`;
}

/** The packages of a source; a database that fails on the way ends there. */
async function* readable(packages: AsyncIterable<OwnedPackage>): AsyncGenerator<OwnedPackage> {
  const iterator = packages[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await iterator.next().catch(() => undefined);
      if (next === undefined || next.done === true) return;
      yield next.value;
    }
  } finally {
    await iterator.return?.();
  }
}

function fileEvent(one: OwnedPackage, file: OwnedFile, found: FileCheck, baseline: boolean): FileEvent {
  const action = found.result === 'changed' ? 'changed' : found.result === 'missing' ? 'missing' : 'restored';
  const { path, algorithm, digest, mode } = file;
  return {
    type: 'package.file',
    time: nowUs(),
    'event.action': action,
    'event.baseline': baseline || undefined,
    'file.path': path,
    'file.name': path.slice(path.lastIndexOf('/') + 1),
    'package.name': one.name,
    'package.version': one.version,
    'package.type': one.type,
    'package.architecture': one.architecture,
    'package.checksum.algorithm': algorithm,
    'package.checksum.expected': digest,
    'package.expected_mode': mode === undefined ? undefined : octal(mode),
    ...(found.result === 'changed' ? changedFields(path, found) : {}),
  };
}

function changedFields(
  path: string,
  { stats, changes, digest, sha256 }: Extract<FileCheck, { result: 'changed' }>,
) {
  return {
    'file.changes': changes,
    'file.type': stats.isFile()
      ? 'file'
      : stats.isSymbolicLink()
        ? 'symlink'
        : stats.isDirectory()
          ? 'dir'
          : 'device',
    'file.size': stats.isFile() ? stats.size : undefined,
    'file.mode': octal(stats.mode & 0o7777),
    'file.uid': String(stats.uid),
    'file.gid': String(stats.gid),
    'file.inode': String(stats.ino),
    'file.mtime': modifiedAt(path, stats),
    'file.hash.sha256': sha256,
    'package.checksum.found': digest,
  } as const;
}
