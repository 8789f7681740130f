import type { StringColumn } from '../../schema/columns.ts';
import type { Plain } from './plain.ts';

/** An event as detectors read it. One object serves many events: valid during the call only. */
export interface Observation {
  readonly type: string;
  /** Microseconds since the epoch; never far ahead of when the batch was received. */
  readonly time: number;
  readonly hostId: string;
  readonly hostName: string;
  /** Derived id of the stored event. Costly to make. */
  readonly id: string;
  /** Place of the group in its batch, and of the event in the group, whose events this one object serves. */
  readonly group: number;
  readonly row: number;
  /** All texts of a field in the group; undefined where none has it. */
  texts(name: string): StringColumn | undefined;
  /** Number of the event's text among those, from 1; 0 where absent. */
  entry(name: string): number;
  /** Fields by ECS name; undefined where absent. */
  text(name: string): string | undefined;
  number(name: string): number | undefined;
  /** False where absent. */
  flag(name: string): boolean;
  list(name: string): readonly string[];
}

/** What a detector noticed. Becomes an event of type `finding`, which rules match. */
export interface Finding {
  readonly kind: string;
  /** What it is about; equal for all findings about one thing. */
  readonly entity: string;
  /** The figures in one sentence. */
  readonly summary: string;
  readonly eventIds: readonly string[];
  /** Microseconds: of the events behind it. */
  readonly firstAt: number;
  readonly lastAt: number;
  /** About several hosts. */
  readonly isFleet?: true;
  /** Other fields of the declaration by name; undefined ones are left out. */
  readonly fields: Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>;
}

export type Tell = (finding: Finding) => void;

export interface TableStats {
  readonly name: string;
  readonly entities: number;
  readonly bytes: number;
  /** Left for room. */
  readonly evicted: number;
}

/** State of one detector at work. Never throws on what events hold; does no I/O. */
export interface RunningDetector {
  /** False where no event of the group can matter: none of them is observed. */
  concerns?(group: Observation): boolean;
  observe(seen: Observation, tell: Tell): void;
  /** The state as plain data, and taken up again by a fresh one of the same parameters. */
  save(): Plain;
  load(saved: Plain): void;
  readonly tables: readonly TableStats[];
}

/** What one detector holds and what became of its events since it was made. */
export interface DetectorStats {
  readonly name: string;
  readonly parameters: Readonly<Record<string, number>>;
  readonly tables: readonly TableStats[];
  readonly observed: number;
  readonly findings: number;
  /** Findings beyond the bound on one batch. */
  readonly dropped: number;
  /** Event time of the first and the last event it learned from; null where there was none. */
  readonly learnedFrom: number | null;
  readonly learnedTo: number | null;
  /** It failed and is out of work. */
  readonly isSetAside: boolean;
}

/** A number that a rule set may set. */
export interface ParameterSpec {
  readonly doc: string;
  readonly usual: number;
  readonly least: number;
  readonly most: number;
}

export type Parameters<P extends Readonly<Record<string, ParameterSpec>>> = {
  readonly [K in keyof P]: number;
};

/** What a detector is. Facts, and how to make one. */
export interface DetectorSpec {
  /** What rules say as `service`. */
  readonly name: string;
  readonly doc: string;
  /** What it tells of: values of `finding.kind`, with what each means. */
  readonly kinds: Readonly<Record<string, string>>;
  /** Types of events it looks at. */
  readonly types: readonly string[];
  /** Form of what `save` gives; another one is not taken up. */
  readonly version: number;
  readonly parameters: Readonly<Record<string, ParameterSpec>>;
  /** Seconds of history that rebuild what it knows, where no snapshot does. */
  lookbackS(parameters: Readonly<Record<string, number>>): number;
  make(context: DetectorContext): RunningDetector;
}

export interface DetectorContext {
  /** All of the declaration, as the rule set says or as usual. */
  readonly parameters: Readonly<Record<string, number>>;
  readonly memory: DetectorMemory;
  readonly advisories: AdvisoryIndex;
}

/** What all tables of all detectors share. */
export interface DetectorMemory {
  add(table: ShrinkableTable): void;
  /** Tells that a table grew or shrank; makes room where there is too much. */
  grew(bytes: number): void;
}

export interface ShrinkableTable {
  readonly bytes: number;
  readonly size: number;
  /** Lets go of what was touched longest ago. */
  evictOldest(): void;
}

/** One advisory about versions of a package. */
export interface Advisory {
  readonly id: string;
  readonly summary: string;
  readonly severity?: 'low' | 'medium' | 'high' | 'critical';
  readonly score?: number;
  readonly isMalicious: boolean;
  /** First version without it, where the advisory names one for this version. */
  readonly fixed?: string;
}

/** Advisories by package. `revision` changes when there are others. */
export interface AdvisoryIndex {
  readonly revision: number;
  /** Those that hold for this version of this package. `type` as package events say. */
  matching(type: string, name: string, version: string): readonly Advisory[];
}
