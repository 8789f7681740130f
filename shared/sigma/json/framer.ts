/** Finds where the documents of a stream of JSON begin and end, without taking the stream into memory. */

/** What the stream holds, in order. `line` counts from 1 and is where it begins. */
export type Frame =
  | { readonly kind: 'document'; readonly line: number; readonly bytes: Buffer }
  | { readonly kind: 'broken'; readonly line: number; readonly why: Breakage };
export type Breakage = 'garbage' | 'unfinished' | 'too large' | 'too deep';

/** Bytes of one document, and how deep it may nest. */
export const frameBounds = { sizeBytes: 16 << 20, depth: 128 } as const;

const newline = 10;
const quote = 34;
const comma = 44;
const colon = 58;
const openList = 91;
const backslash = 92;
const closeList = 93;
const openMap = 123;
const closeMap = 125;

/** A map or a text under way. `kept` is false once it is too large: it is followed to its end but not held. */
interface Open {
  readonly line: number;
  readonly stack: number[];
  readonly parts: Buffer[];
  size: number;
  kept: boolean;
  /** The last byte that was neither space nor inside a text. */
  last: number;
  inText: boolean;
  /** Where a later line begins with `{`: after this many bytes of the document, on that line. */
  mark: { readonly at: number; readonly line: number } | null;
}

/**
 * Takes JSON lines, one list of documents, or documents one after another in any layout; commas and separators
 * between them do not matter. What is broken costs as little of its surroundings as can be: reading goes on at the
 * next line that begins with `{`, else at the next line. Holds at most one document.
 */
export class JsonFramer {
  readonly #emit: (frame: Frame) => void;
  readonly #takeLine: (bytes: Buffer, line: number) => boolean;
  readonly #sizeBytes: number;
  #open: Open | null = null;
  /** Within garbage, up to the end of the line or, in a list, of the entry. */
  #skips = false;
  #inList = false;
  #line = 1;
  #column = 0;
  #escaped = false;

  /**
   * `takeLine` is offered lines that look like one whole document, before they are gone through byte by byte, which
   * is the slowest part of reading; it gives whether it took the line.
   */
  constructor(
    emit: (frame: Frame) => void,
    sizeBytes: number = frameBounds.sizeBytes,
    takeLine: (bytes: Buffer, line: number) => boolean = () => false,
  ) {
    this.#emit = emit;
    this.#takeLine = takeLine;
    this.#sizeBytes = sizeBytes;
  }

  push(chunk: Uint8Array): void {
    let rest: Buffer | null = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    while (rest !== null) rest = this.#scan(rest);
  }

  /** The stream is over; what is open is broken. */
  end(): void {
    while (this.#open !== null) {
      const rest = this.#breakOff('unfinished', Buffer.alloc(0));
      if (rest !== null) this.push(rest);
    }
  }

  /** Goes through a chunk; gives what must be gone through again after a break. */
  #scan(chunk: Buffer): Buffer | null {
    let from = 0;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i]!;
      const open = this.#open;
      if (open === null) {
        if (byte === openMap && !this.#skips) {
          const end = this.#wholeLine(chunk, i);
          if (end > 0) {
            // The line's end is gone through as any byte.
            i = end - 1;
            continue;
          }
          this.#open = this.#begin();
          from = i;
        } else this.#between(byte);
      } else {
        const why = open.inText ? this.#inText(open, byte) : this.#inMap(open, byte, i - from);
        if (why !== null) {
          this.#keep(open, chunk.subarray(from, i));
          return this.#breakOff(why, chunk.subarray(i));
        }
        if (open.stack.length === 0) {
          this.#keep(open, chunk.subarray(from, i + 1));
          this.#finish(open);
        }
      }
      this.#advance(byte);
    }
    if (this.#open !== null) this.#keep(this.#open, chunk.subarray(from));
    return null;
  }

  /** Where the line ends that begins at `from`, if it was taken whole; else -1. */
  #wholeLine(chunk: Buffer, from: number): number {
    if (this.#column > 0 || this.#inList) return -1;
    const end = chunk.indexOf(newline, from);
    let last = end - 1;
    while (last > from && isSpace(chunk[last]!)) last--;
    if (end < 0 || chunk[last] !== closeMap || end - from > this.#sizeBytes) return -1;
    return this.#takeLine(chunk.subarray(from, end), this.#line) ? end : -1;
  }

  #begin(): Open {
    this.#escaped = false;
    const { size, last } = { size: 0, last: openMap };
    return {
      line: this.#line,
      stack: [openMap],
      parts: [],
      size,
      kept: true,
      last,
      inText: false,
      mark: null,
    };
  }

  #advance(byte: number): void {
    if (byte === newline) {
      this.#line++;
      this.#column = 0;
    } else this.#column++;
  }

  /** Outside of documents. */
  #between(byte: number): void {
    const endsEntry = this.#inList && (byte === comma || byte === closeList);
    if (byte === newline || endsEntry) this.#skips = false;
    if (byte === closeList && this.#inList) {
      this.#inList = false;
      return;
    }
    if (this.#skips || isSpace(byte) || byte === comma) return;
    if (byte === openList && !this.#inList) {
      this.#inList = true;
      return;
    }
    this.#skips = true;
    this.#emit({ kind: 'broken', line: this.#line, why: 'garbage' });
  }

  /** A text cannot hold an end of line, so one that does was cut off. */
  #inText(open: Open, byte: number): Breakage | null {
    if (byte === newline) return 'unfinished';
    if (this.#escaped) this.#escaped = false;
    else if (byte === backslash) this.#escaped = true;
    else if (byte === quote) open.inText = false;
    return null;
  }

  #inMap(open: Open, byte: number, at: number): Breakage | null {
    if (isSpace(byte)) return null;
    const { stack, last } = open;
    if (byte === openMap && this.#column === 0) open.mark ??= { at: open.size + at, line: this.#line };
    if (byte === openMap || byte === openList) {
      if (!isValuePlace(stack.at(-1)!, last)) return 'unfinished';
      if (stack.push(byte) > frameBounds.depth) return 'too deep';
    } else if (byte === closeMap || byte === closeList) {
      if (stack.pop() !== byte - 2) return 'garbage';
    } else if (byte === quote) open.inText = true;
    open.last = byte;
    return null;
  }

  #keep(open: Open, bytes: Buffer): void {
    open.size += bytes.length;
    if (!open.kept) return;
    if (open.size <= this.#sizeBytes) {
      // The chunk may be used again by whoever gave it.
      if (bytes.length > 0) open.parts.push(Buffer.from(bytes));
      return;
    }
    open.kept = false;
    open.parts.length = 0;
    this.#emit({ kind: 'broken', line: open.line, why: 'too large' });
  }

  #finish(open: Open): void {
    this.#open = null;
    if (!open.kept) return;
    const bytes = open.parts.length === 1 ? open.parts[0]! : Buffer.concat(open.parts);
    this.#emit({ kind: 'document', line: open.line, bytes });
  }

  /** Gives the bytes to go on with. */
  #breakOff(why: Breakage, rest: Buffer): Buffer | null {
    const open = this.#open!;
    this.#open = null;
    this.#escaped = false;
    if (open.kept) this.#emit({ kind: 'broken', line: open.line, why });
    if (open.mark === null || !open.kept) {
      this.#skips = this.#column > 0;
      return rest.length === 0 ? null : rest;
    }
    this.#line = open.mark.line;
    this.#column = 0;
    return Buffer.concat([Buffer.concat(open.parts).subarray(open.mark.at), rest]);
  }
}

function isSpace(byte: number): boolean {
  // 30 separates the records of RFC 7464; the byte order mark of UTF-8 is three bytes that no document begins with.
  return (
    byte === 32 || (byte >= 9 && byte <= 13) || byte === 30 || byte === 0xef || byte === 0xbb || byte === 0xbf
  );
}

/** Whether a map or list may begin here: after a colon in a map, after a comma or at the start in a list. */
function isValuePlace(within: number, last: number): boolean {
  return within === openMap ? last === colon : last === comma || last === openList;
}
