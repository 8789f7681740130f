import type { CompiledCorrelation } from '../../compile/correlation.ts';
import type { CorrelationRule } from '../../document.ts';
import type { ByteReader, ByteWriter } from '../bytes.ts';
import type { Budget } from '../memory/budget.ts';
import type { GroupTable } from '../memory/group-table.ts';
import type { KeyBuffer } from '../memory/key-buffer.ts';
import type { Sources } from '../memory/sources.ts';

/** An event of a group, as windows take it. The object is used again for the next event. */
export interface Seen {
  /** Microseconds. */
  time: number;
  source: string;
  index: number;
  /** Which of the rules referred to it is of, by their order. */
  reference: number;
  /** What value_sum and its like reckon with. */
  number: number;
  /** What value_count tells apart. */
  readonly value: KeyBuffer;
}

/** A stretch of time that met the condition. */
export interface Hit {
  readonly firstAt: number;
  readonly lastAt: number;
  /** What the condition was compared with. */
  readonly value: number;
  /** Events that make it up. */
  readonly events: number;
  /** Oldest first, at most `correlationBounds.evidence`; asked for before the window takes its next event. */
  readonly eventIds: () => readonly string[];
}

/** What windows of one correlation share. */
export interface WindowContext {
  readonly correlation: CompiledCorrelation;
  readonly groups: GroupTable;
  readonly sources: Sources;
  readonly budget: Budget;
  readonly counts: WindowCounts;
}

export interface WindowCounts {
  /** Events too old for any window that is still judged. */
  tooLate: number;
  /** Events that left a group for room while they still might have mattered. */
  dropped: number;
}

/** What a type of correlation keeps of the events of each group, and when they meet the condition. */
export interface Window {
  readonly bytes: number;
  /** Whether another event can be kept within the budget. */
  hasRoom(): boolean;
  /** Takes an event of a group whose newest was at `newestAt`; gives a stretch around it that meets the condition. */
  add(group: number, seen: Seen, newestAt: number): Hit | null;
  /** Forgets the events of a group. */
  clear(group: number): void;
  /** Writes what all groups share, before the groups. */
  writeShared(out: ByteWriter): void;
  readShared(from: ByteReader): void;
  write(group: number, out: ByteWriter): void;
  /** Takes up what `write` wrote, in a group without events. `sourceOf` gives the text of a source written. */
  read(group: number, from: ByteReader, sourceOf: (written: number) => string): void;
  /** Called once all groups are read. */
  endRead(): void;
}

/** Makes the windows of a correlation; `groupDoubles` is the room they need in each group's record. */
export interface WindowKind {
  readonly groupDoubles: number;
  readonly make: (context: WindowContext) => Window;
}

export function isWithin(value: number, { least, most, not }: CorrelationRule['range']): boolean {
  return value >= least && value <= most && value !== not;
}
