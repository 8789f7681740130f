/** The tree of a process: where it came from, what came of it and what each of them did. Instants are microseconds. */
import type { StoredEvent } from '../store/contract.ts';

/** Which process is asked for. */
export type TreeSubject =
  | { readonly by: 'alert'; readonly id: string }
  /** Host by name or id. The process that had the pid at that time. */
  | { readonly by: 'pid'; readonly host: string; readonly pid: number; readonly at: number }
  /** `host` and `at` narrow the search. */
  | { readonly by: 'entity'; readonly id: string; readonly host?: string; readonly at?: number };

export interface TreeBounds {
  /** What happened this long before and after is looked at. */
  readonly rangeUs: number;
  /** Most descendants, and most events of all processes together. */
  readonly maxProcesses: number;
  readonly maxEvents: number;
}

export const usualBounds: TreeBounds = { rangeUs: 86_400_000_000, maxProcesses: 200, maxEvents: 500 };

/**
 * How a process is known: its start or fork was seen, it ran already when the agent first looked, something else that
 * it did was seen, or only an event of its child tells of it.
 */
export const sightings = ['started', 'forked', 'running', 'acted', 'told'] as const;
export type Sighting = (typeof sightings)[number];

/** A program that a process ran; one that calls exec runs several. */
export interface RunProgram {
  readonly at: number;
  readonly executable: string | null;
  readonly commandLine: string | null;
  readonly eventId: string;
}

export const relations = ['ancestor', 'subject', 'descendant'] as const;

export interface TreeProcess {
  /** Unique in the tree. */
  readonly key: string;
  readonly parentKey: string | null;
  readonly relation: (typeof relations)[number];
  /** 0 for the furthest ancestor. */
  readonly depth: number;
  readonly pid: number | null;
  readonly entityId: string | null;
  readonly name: string | null;
  readonly user: string | null;
  readonly sighting: Sighting;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly exitCode: number | null;
  /** In the order it ran them. */
  readonly programs: readonly RunProgram[];
  /** What it did besides, in the order of time. */
  readonly events: readonly StoredEvent[];
}

/** A number that may be larger than was counted. */
export interface LeftOut {
  readonly count: number;
  readonly isAtLeast: boolean;
}

export interface ProcessTree {
  readonly hostId: string;
  readonly hostName: string;
  readonly subjectKey: string;
  /** Instants between which descendants and events were looked for. */
  readonly since: number;
  readonly until: number;
  /** Parents before children, siblings by start. */
  readonly processes: readonly TreeProcess[];
  /** For the bounds. */
  readonly leftOut: { readonly processes: LeftOut; readonly events: LeftOut };
}
