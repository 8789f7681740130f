import type { ErrorCode } from '#shared/errors.ts';
import type { StreamMark } from '#shared/protocol/frames.ts';
import type {
  Alert,
  AlertBounds,
  AlertException,
  CorrelationTotals,
  DetectorTotals,
  LoadedRules,
} from '../store/contract.ts';

/** What the pipeline thread is started with. */
export interface PipelineOptions {
  /** Free disk below which nothing more is stored. */
  readonly minFreeBytes: number;
  readonly journalPath: string;
  /** Of the keys of what is stored; empty where there is none. */
  readonly keyFile?: string;
  readonly controlPath: string;
  readonly alertBounds: AlertBounds;
  /** Imported advisories about packages; none where it is absent. */
  readonly advisoryFile?: string;
  /** Folders and files of rules, and folders of value lists. */
  readonly rulePaths: readonly string[];
  readonly listPaths: readonly string[];
  /** Processing pipelines, and the paths whose rules go through them. */
  readonly pipelineUses: readonly {
    readonly pipelines: readonly string[];
    readonly under: readonly string[];
  }[];
}

/** A batch with where it came from; its bytes go beside it. */
export interface BatchInput {
  /** Number of the connection the verdict goes to. */
  readonly connection: number;
  readonly hostId: string;
  readonly hostName: string;
  /** Operating system in Sigma's words. */
  readonly product: string;
  readonly stream: string;
  readonly sequence: number;
  readonly collected: number;
  readonly receivedAt: number;
}

/** What an agent has seen acknowledged; comes before any batch of its connection. */
export interface MarksInput {
  readonly connection: number;
  readonly hostId: string;
  readonly marks: readonly StreamMark[];
}

/** A bundle that detection is to take up. */
export interface SwitchInput {
  readonly version: number;
  readonly digest: string;
  readonly by: string;
  readonly reason: string;
  /** A decision to go back, which the audit log says. */
  readonly isRollback: boolean;
  /** The bundle, and what is trusted once it was taken. */
  readonly content: Uint8Array;
  readonly trust: Uint8Array;
}

export type PipelineInput =
  | (BatchInput & { readonly kind: 'batch'; readonly data: Uint8Array })
  | (MarksInput & { readonly kind: 'marks' })
  | (SwitchInput & { readonly kind: 'switch' })
  /** Hits of these raise no alerts from the next batch on. */
  | { readonly kind: 'exceptions'; readonly exceptions: readonly AlertException[] }
  | { readonly kind: 'close' };

/** What became of one batch. `stored` and `repeat` are to be acknowledged; the others end the connection. */
export interface Verdict {
  readonly connection: number;
  readonly hostId: string;
  readonly stream: string;
  readonly sequence: number;
  readonly bytes: number;
  readonly outcome: 'stored' | 'repeat' | { readonly code: ErrorCode; readonly detail: string };
}

export interface BusAlert {
  readonly alert: Alert;
  readonly isNew: boolean;
}

export type PipelineOutput =
  | { readonly kind: 'ready'; readonly loaded: LoadedRules; readonly sealable: number }
  | { readonly kind: 'refused'; readonly error: { readonly code: ErrorCode; readonly detail: string } }
  | { readonly kind: 'verdicts'; readonly verdicts: readonly Verdict[] }
  | { readonly kind: 'stored'; readonly events: number; readonly counts: Readonly<Record<string, number>> }
  | {
      readonly kind: 'detected';
      readonly lagBatches: number;
      readonly lagMs: number;
      /** As of a second ago at most. */
      readonly correlations: CorrelationTotals;
      /** Likewise. */
      readonly detectors: DetectorTotals;
      /** Batches up to this id are of no more use to detection. */
      readonly sealable: number;
    }
  | { readonly kind: 'alerts'; readonly alerts: readonly BusAlert[] }
  /** The answer to each `switch`, in order: the rules that are in force since, or why they are not. */
  | { readonly kind: 'switched'; readonly loaded: LoadedRules; readonly sealable: number }
  | { readonly kind: 'unswitched'; readonly error: { readonly code: ErrorCode; readonly detail: string } }
  /** Events that an agent saw acknowledged and that the journal lacks, now counted as lost. */
  | { readonly kind: 'lacking'; readonly hostId: string; readonly lost: number }
  | { readonly kind: 'problem'; readonly code: ErrorCode; readonly detail: string };
