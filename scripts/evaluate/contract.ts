/** What the parts of the evaluation say to one another. */

/** Where an act is played: on the scratch host, or by somebody on the network it hangs on. */
export type Place = 'host' | 'internet';

/** A harmless emulation of one technique. */
export interface Technique {
  /** Of ATT&CK, e.g. T1053.003. */
  readonly id: string;
  readonly name: string;
  /** Lines of bash, run as a script file so that every command in it is a process of its own. */
  readonly act: string;
  /** Rules any of which is a specific alert for it: paths in the pack without `.yml`. */
  readonly rules: readonly string[];
  readonly place?: Place;
  /** User who does it; root where it is left out. */
  readonly user?: string;
  /** Lines of bash that undo it, so that later acts find the host as it was. */
  readonly cleanUp?: string;
  /** Programs it needs; it is not run, and said so, where one is missing. */
  readonly needs?: readonly string[];
}

/** How an act went. */
export interface Played {
  readonly id: string;
  readonly name: string;
  readonly rules: readonly string[];
  /** Absent when a program it needs is missing. */
  readonly lacks?: string;
  /** The expected rule that told first. */
  readonly by?: string;
  /** From the begin of the act to the alert on the live feed. */
  readonly delayMs?: number;
  /** From the last event that it is about. */
  readonly fromEventMs?: number;
  /** Other rules that told meanwhile. */
  readonly others: readonly string[];
  /** The end of what it wrote to standard error. */
  readonly stderr: string;
}

/** A medium or worse alert on ordinary work. */
export interface FalseAlert {
  readonly rule: string;
  readonly level: string;
  readonly reason: string;
  readonly task: string;
  /** Command line of the process it is about. */
  readonly program: string;
}

export interface Settings {
  readonly only: readonly string[];
  readonly workMinutes: number;
  readonly seed: number;
  readonly patienceMs: number;
}

/** From inside to the reporter. */
export type Message =
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'played'; readonly played: Played }
  | { readonly kind: 'task-failed'; readonly name: string; readonly why: string }
  | { readonly kind: 'false-alert'; readonly alert: FalseAlert }
  | { readonly kind: 'worked'; readonly hours: number; readonly tasks: number; readonly lowAlerts: number }
  | { readonly kind: 'failed'; readonly text: string }
  | { readonly kind: 'done' };
