import { FileFollower } from '../linux/file-follower.ts';
import { positionIn } from '../linux/open-log.ts';
import type { Positions } from '../linux/positions.ts';
import { linesOf } from '../linux/takes.ts';
import type { LogLine } from './line.ts';
import { type LogSource, maxFiles, pathsOf } from './sources.ts';
import { parseSyslogLine } from './syslog-line.ts';
import { Throttle } from './throttle.ts';

/** Patterns are looked up again after this long. */
const globMs = 10_000;
/** Bytes that may wait in a file while its lines come faster than they may be told. */
const maxLagBytes = 64 * 1024 * 1024;

export interface LogFilesOptions {
  readonly sources: readonly LogSource[];
  readonly linesPerSecond: number;
  readonly positions: Positions;
  readonly onLine: (line: LogLine) => void;
  /** Told of lines of a source that were passed over. */
  readonly onLost: (source: string, lines: number) => void;
}

interface Followed {
  readonly source: string;
  readonly follower: FileFollower;
  readonly take: ReturnType<typeof linesOf>;
  readonly ready: () => boolean;
  readonly untrack: () => void;
  skippedLines: number;
}

/** The text files of a list of sources, each followed once. */
export class LogFiles {
  readonly #options: LogFilesOptions;
  readonly #followed = new Map<string, Followed>();
  #lookedUpAtMs = Number.NEGATIVE_INFINITY;
  #first = true;

  constructor(options: LogFilesOptions) {
    this.#options = options;
  }

  /** Names of the sources that have a file now. */
  get present(): readonly string[] {
    const names = [...this.#followed.values()].filter(({ follower }) => follower.present);
    return [...new Set(names.map(({ source }) => source))];
  }

  /** How often the rest of a file was gone before it was read. */
  get gaps(): number {
    let gaps = 0;
    for (const { follower } of this.#followed.values()) gaps += follower.gaps;
    return gaps;
  }

  /** Finds the files and where to begin, and with `read` reads what has come. */
  poll(read: boolean): void {
    this.#lookUp();
    for (const followed of this.#followed.values()) {
      const { follower, take, ready, source } = followed;
      follower.poll(take, read ? ready : () => false);
      const lost = follower.skippedLines - followed.skippedLines;
      if (lost > 0) this.#options.onLost(source, lost);
      followed.skippedLines = follower.skippedLines;
    }
  }

  close(): void {
    for (const path of [...this.#followed.keys()]) this.#drop(path);
  }

  #lookUp(): void {
    const nowMs = Date.now();
    if (Math.abs(nowMs - this.#lookedUpAtMs) < globMs) return;
    this.#lookedUpAtMs = nowMs;
    const wanted = new Map<string, string>();
    for (const source of this.#options.sources) {
      for (const path of pathsOf(source, maxFiles - wanted.size))
        if (!wanted.has(path)) wanted.set(path, source.name);
    }
    for (const path of [...this.#followed.keys()]) if (!wanted.has(path)) this.#drop(path);
    for (const [path, source] of wanted) if (!this.#followed.has(path)) this.#add(path, source);
    this.#first = false;
  }

  #add(path: string, source: string): void {
    const { positions, linesPerSecond, onLine } = this.#options;
    const name = `file:${path}`;
    const resume = positionIn(positions.storedOf(name));
    const follower = new FileFollower(path, { resume, fromBegin: !this.#first, maxLagBytes });
    const throttle = new Throttle(linesPerSecond);
    const ready = () => throttle.ready();
    const take = linesOf(
      (text, offset, cut) => {
        throttle.take();
        onLine(lineOf(text, { source, path, offset, cut }));
      },
      { mayTake: ready },
    );
    const untrack = positions.track(name, () => follower.position);
    this.#followed.set(path, { source, follower, take, ready, untrack, skippedLines: 0 });
  }

  #drop(path: string): void {
    const followed = this.#followed.get(path);
    followed?.untrack();
    followed?.follower.close();
    this.#followed.delete(path);
  }
}

function lineOf(
  text: string,
  place: { readonly source: string; readonly path: string; readonly offset: number; readonly cut: boolean },
): LogLine {
  const nowMs = Date.now();
  const parsed = parseSyslogLine(text, nowMs);
  if (parsed === undefined) return { at: nowMs * 1000, message: text, ...place };
  return { ...parsed, program: parsed.identifier, ...place };
}
