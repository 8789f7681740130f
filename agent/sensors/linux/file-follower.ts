import { type Stats, statSync } from 'node:fs';
import { type FilePosition, OpenLog, type ReadBudget, type Take } from './open-log.ts';
import { maxRotated, openIf, rotatedFrom } from './rotated.ts';

/** Bytes read in one poll; a log that grows faster is caught up with over several. */
const maxBytesPerPoll = 8 * 1024 * 1024;
/** A file that was renamed away is still read for this long: its writer may not know yet. */
const retiredMs = 10_000;

export interface FollowOptions {
  /** Size of a record: reading begins at a multiple of it. */
  readonly unitBytes?: number;
  /** Where an earlier run stopped; from the end of the file without. */
  readonly resume?: FilePosition | undefined;
  /** Whether a file that is there at the first poll is read from its begin, when there is nothing to resume. */
  readonly fromBegin?: boolean;
  /** Bytes that may wait unread while `mayRead` says no; beyond, the oldest are passed over. */
  readonly maxLagBytes?: number;
}

/**
 * Reads what is appended to a file, by polling. Begins at the end of a file that is there at the first poll, at the
 * begin of one that appears later. Rotation is followed in order: a file renamed away is read to its end, and some
 * seconds on, before its successor; one that was copied and cut short is finished in its copy. With `resume`, the
 * same holds across the time nobody read, as long as the rotated files are there and not compressed.
 */
export class FileFollower {
  readonly #path: string;
  readonly #unit: number;
  readonly #maxLagBytes: number;
  readonly #fromBegin: boolean;
  #resume: FilePosition | undefined;
  /** Oldest first. */
  readonly #retired: { readonly log: OpenLog; readonly untilMs: number }[] = [];
  #current: OpenLog | undefined;
  /** Of the last file that was read to its end and let go. */
  #done: FilePosition | undefined;
  #polled = false;
  /** Times the rest of a file was gone before it was read. */
  gaps = 0;
  /** Line ends passed over for falling too far behind. */
  skippedLines = 0;

  constructor(path: string, options: FollowOptions = {}) {
    this.#path = path;
    this.#unit = options.unitBytes ?? 1;
    this.#resume = options.resume;
    this.#fromBegin = options.fromBegin ?? false;
    this.#maxLagBytes = options.maxLagBytes ?? Number.POSITIVE_INFINITY;
  }

  /** True when the file was there and could be opened at the last poll. */
  get present(): boolean {
    return this.#current !== undefined;
  }

  /** Of the oldest file that is not read to its end; undefined before the first poll and without a file. */
  get position(): FilePosition | undefined {
    const unread = this.#retired.find(({ log }) => !log.atEnd)?.log;
    const log = unread ?? this.#current ?? this.#retired.at(-1)?.log;
    return log?.position ?? this.#resume ?? this.#done;
  }

  /** Reads what has come, as long as `mayRead` lets it. Never throws for what the file system does. */
  poll(take: Take, mayRead: () => boolean = () => true): void {
    const found = statOf(this.#path);
    this.#notice(found);
    let left = maxBytesPerPoll;
    const budget: ReadBudget = {
      more: () => left > 0 && mayRead(),
      spend: (bytes) => {
        left -= bytes;
      },
    };
    if (this.#drainRetired(take, budget)) this.#drainCurrent(take, budget);
    this.#keepUp();
  }

  close(): void {
    this.#resume = this.position;
    for (const { log } of this.#retired.splice(0)) log.close();
    this.#current?.close();
    this.#current = undefined;
    this.#polled = false;
  }

  /** Opens, retires and takes up again as the file under the path became another. */
  #notice(found: Stats | undefined): void {
    const current = this.#current;
    const first = !this.#polled;
    this.#polled = true;
    if (current !== undefined) {
      const same = found?.ino === current.inode && found.dev === current.device;
      const continued = attempt(() => current.isContinued()) !== false;
      if (same && continued) return;
      this.#current = undefined;
      this.#leave(current, same, continued);
    }
    if (found?.isFile() !== true) return;
    if (this.#resume !== undefined) {
      this.#takeUp(this.#resume);
      return;
    }
    this.#current = attempt(() => new OpenLog(this.#path));
    if (first && !this.#fromBegin) this.#current?.seek(found.size - (found.size % this.#unit));
  }

  /** Sees to the rest of what the path led to, when it leads elsewhere or was cut short. */
  #leave(current: OpenLog, same: boolean, continued: boolean): void {
    const { position } = current;
    if (continued) {
      this.#retire(current);
      // Rotation may have gone through several files since the last poll.
      for (const log of rotatedFrom(this.#path, position)) this.#retire(log);
      return;
    }
    const found = this.#finishElsewhere(position);
    if (same || found) {
      current.close();
      return;
    }
    current.restart();
    this.#retire(current);
  }

  #takeUp(position: FilePosition): void {
    const log = openIf(this.#path, position);
    this.#current = log ?? attempt(() => new OpenLog(this.#path));
    if (this.#current === undefined) return;
    this.#resume = undefined;
    if (log === undefined) this.#finishElsewhere(position);
  }

  /** Whether the file of the position was found under a name that rotation gives. */
  #finishElsewhere(position: FilePosition): boolean {
    const rest = rotatedFrom(this.#path, position);
    // Nothing was read of a file whose position is 0, so nothing is amiss when it is gone.
    if (rest.length === 0 && position.offset > 0) this.gaps++;
    for (const log of rest) this.#retire(log);
    return rest.length > 0;
  }

  #retire(log: OpenLog): void {
    const held = this.#retired.some((one) => one.log.inode === log.inode && one.log.device === log.device);
    if (held) {
      log.close();
      return;
    }
    this.#retired.push({ log, untilMs: Date.now() + retiredMs });
    while (this.#retired.length > maxRotated) this.#dropOldest();
  }

  #dropOldest(): void {
    const dropped = this.#retired.shift()?.log;
    if (dropped === undefined) return;
    this.skippedLines += attempt(() => dropped.skipTo(dropped.sizeBytes)) ?? 0;
    dropped.close();
  }

  /** False when what they hold is not read to its end. */
  #drainRetired(take: Take, budget: ReadBudget): boolean {
    for (const one of [...this.#retired]) {
      if (attempt(() => one.log.drain(take, budget)) === false) return false;
      if (Date.now() < one.untilMs) continue;
      this.#retired.splice(this.#retired.indexOf(one), 1);
      this.#done = one.log.position;
      one.log.close();
    }
    return true;
  }

  #drainCurrent(take: Take, budget: ReadBudget): void {
    const current = this.#current;
    if (current === undefined || attempt(() => current.drain(take, budget)) !== undefined) return;
    this.#resume = current.position;
    current.close();
    this.#current = undefined;
  }

  /** Passes over what is beyond the longest lag, oldest first, counting lines. */
  #keepUp(): void {
    if (this.#maxLagBytes === Number.POSITIVE_INFINITY) return;
    const logs = this.#retired.map(({ log }) => log);
    if (this.#current !== undefined) logs.push(this.#current);
    const unread = (log: OpenLog) => Math.max(0, (attempt(() => log.sizeBytes) ?? 0) - log.offset);
    let over = logs.reduce((sum, log) => sum + unread(log), 0) - this.#maxLagBytes;
    for (const log of logs) {
      if (!(over > 0)) return;
      const step = Math.min(over, unread(log));
      this.skippedLines += attempt(() => log.skipTo(log.offset + step)) ?? 0;
      over -= step;
    }
  }
}

/** The result, or undefined when it throws: what the file system refuses is retried at the next poll. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

function statOf(path: string): Stats | undefined {
  return attempt(() => statSync(path, { throwIfNoEntry: false }));
}
