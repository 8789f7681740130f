/** Analyses of what is stored, on demand. Instants in microseconds. */
import type { Level } from '../store/contract.ts';

export const analysisKinds = ['process', 'network', 'application', 'user'] as const;
export type AnalysisKind = (typeof analysisKinds)[number];

/** What a finding is about: a process, an address, a package, an account… */
export interface Component {
  /** ECS field. */
  readonly field: string;
  readonly value: string;
}

export interface Finding {
  /** Derived from the check, the host and what it is about: the same thing found again has the same id. */
  readonly id: string;
  readonly check: string;
  readonly title: string;
  readonly severity: Level;
  /** 0 to 1: how likely it is that this is what the title says, and not something usual. */
  readonly confidence: number;
  /** Null where it is about the fleet. */
  readonly hostId: string | null;
  readonly hostName: string | null;
  /** One sentence for a person. */
  readonly description: string;
  readonly affected: readonly Component[];
  readonly recommendations: readonly string[];
  /** What the judgement rests on, by name; durations in seconds. */
  readonly numbers: Readonly<Record<string, number>>;
  readonly firstAt: number;
  readonly lastAt: number;
  /** Some of the events, at most five. */
  readonly eventIds: readonly string[];
  /** Finds all of them, as `vedette events` takes it. */
  readonly filter: string;
  /** ATT&CK techniques, e.g. T1110.003. */
  readonly techniques: readonly string[];
}

export interface AnalysisOrder {
  readonly kind: AnalysisKind;
  /** Hosts by name or id, `*` and `?` stand for others; none for the fleet. */
  readonly hosts: readonly string[];
  readonly since: number;
  readonly until: number;
  readonly by: string;
  readonly signal: AbortSignal;
}

export interface Analysis {
  readonly kind: AnalysisKind;
  readonly since: number;
  readonly until: number;
  readonly hosts: readonly { readonly id: string; readonly name: string }[];
  /** Checks that were made. */
  readonly checks: readonly { readonly name: string; readonly title: string; readonly found: number }[];
  /** Gravest first. */
  readonly findings: readonly Finding[];
  /** Found and left out, because a check finds at most so many on one host. */
  readonly leftOut: number;
  /** Stored batches that could not be read. */
  readonly damagedBatches: number;
  readonly seconds: number;
}

export interface Analysing {
  /** Throws `hunt.*`, and `api.not_found` for hosts that are none. */
  analyse(order: AnalysisOrder): Promise<Analysis>;
}
