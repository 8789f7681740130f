/** An advisory about one package, as it is kept: what detection needs of OSV and no more. A line of JSON each. */
export interface AdvisoryRecord {
  readonly id: string;
  /** As package events say: deb, rpm, apk, npm, pip. */
  readonly type: string;
  readonly name: string;
  /** Release of the distribution it is about, e.g. `Debian:12`; absent where there are none. */
  readonly release?: string;
  readonly summary: string;
  readonly severity?: 'low' | 'medium' | 'high' | 'critical';
  /** CVSS base score. */
  readonly score?: number;
  readonly malicious?: true;
  /** Stretches of versions that have it, each as OSV says. */
  readonly ranges: readonly AdvisoryRange[];
  /** Versions that have it, where no stretch says it. */
  readonly versions?: readonly string[];
}

export interface AdvisoryRange {
  /** First version that has it; `0` is the first of all. */
  readonly introduced: string;
  /** First version without it. */
  readonly fixed?: string;
  /** Last version known to have it, where none is without. */
  readonly last?: string;
}

export const advisoryBounds = {
  /** Records that are kept. */
  records: 2_000_000,
  /** Bytes of one file of advisories. */
  fileBytes: 512 << 20,
  rangesPerRecord: 64,
  versionsPerRecord: 2_000,
  summaryLength: 200,
} as const;
