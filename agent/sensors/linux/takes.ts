import type { Take } from './open-log.ts';

/** Longest line given on; the rest of a longer one is left out. */
export const maxLineBytes = 8 * 1024;
/** Without a line end in so many bytes, what is there is given on and the rest passed over. */
const patienceBytes = 64 * 1024;

/** Called with a line without its end, UTF-8 with invalid bytes as U+FFFD; `cut` when it is not the whole. */
export type OnLine = (line: string, offset: number, cut: boolean) => void;

export interface LineOptions {
  /** Asked before each line; from its first no on, lines are left for later. */
  readonly mayTake?: () => boolean;
  /** Longest line given on whole, at most 64 KiB. */
  readonly maxBytes?: number;
}

/** Makes lines of chunks. An unfinished line is left for the next chunk. */
export function linesOf(onLine: OnLine, options: LineOptions = {}): Take {
  const { mayTake = () => true, maxBytes = maxLineBytes } = options;
  /** Where the rest of a line that was given on begins; -1 when none was. */
  let restAt = -1;
  return (chunk, offset) => {
    // Elsewhere is another file, or the same one cut short.
    let skipping = restAt === offset;
    let from = 0;
    for (let end = chunk.indexOf(0x0a); end >= 0; end = chunk.indexOf(0x0a, from)) {
      if (!skipping) {
        if (!mayTake()) return from;
        const cut = end - from > maxBytes;
        onLine(chunk.toString('utf8', from, cut ? cutAt(chunk, from + maxBytes) : end), offset + from, cut);
      }
      skipping = false;
      from = end + 1;
    }
    if (from > 0 || (chunk.length < patienceBytes && !skipping)) return from;
    if (!skipping) {
      if (!mayTake()) return 0;
      onLine(chunk.toString('utf8', 0, cutAt(chunk, maxBytes)), offset, true);
    }
    restAt = offset + chunk.length;
    return chunk.length;
  };
}

/** The place or up to three bytes before it, where no character of UTF-8 is divided. */
function cutAt(chunk: Buffer, at: number): number {
  let end = at;
  while (end > at - 4 && ((chunk[end] ?? 0) & 0xc0) === 0x80) end--;
  return end;
}

/** Makes records of chunks: calls `onRecord` with each whole one, valid during the call. */
export function recordsOf(sizeBytes: number, onRecord: (record: Buffer) => void): Take {
  return (chunk) => {
    const whole = chunk.length - (chunk.length % sizeBytes);
    for (let at = 0; at < whole; at += sizeBytes) onRecord(chunk.subarray(at, at + sizeBytes));
    return whole;
  };
}
