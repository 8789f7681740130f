import type { AdvisoryIndex } from '#shared/detect/detectors/contract.ts';
import type { EpisodeBounds } from '#shared/detect/episode.ts';
import type { ColumnarEvents } from '#shared/schema/columns.ts';
import type { RuleSet } from '#shared/sigma/index.ts';
import type { BatchOrigin, Detector } from '../detect/contract.ts';
import { createDetector, type RuleFault } from '../detect/detector.ts';
import { Tally } from './tally.ts';

/** Events of a batch, with where they come from. */
export interface Originated {
  readonly origin: BatchOrigin;
  readonly groups: readonly ColumnarEvents[];
}

/** One of the two rule sets of a backtest at work, as live detection runs it: what is tested, or what is in force. */
export class Side {
  readonly tally: Tally;
  readonly #detector: Detector;

  constructor(
    ruleSet: RuleSet,
    onFault: (fault: RuleFault) => void,
    {
      advisories,
      episodes,
    }: { readonly advisories: AdvisoryIndex; readonly episodes?: EpisodeBounds | undefined },
  ) {
    this.tally = new Tally(ruleSet, episodes);
    const { tally } = this;
    this.#detector = createDetector(ruleSet, {
      ...{ onFault, advisories },
      isBrief: ({ id }) => tally.isKnown(id),
    });
  }

  /** Microseconds before the range that its correlations must have seen. */
  get lookback(): number {
    return this.#detector.lookback;
  }

  /** Events before the range, which only build up the state of correlations. */
  replay({ origin, groups }: Originated): void {
    this.#detector.replay(origin, groups, 'all');
  }

  detect({ origin, groups }: Originated): void {
    const alerts = this.#detector.detect(origin, groups, origin.receivedAt ?? 0);
    for (const alert of alerts) this.tally.add(alert);
  }
}
