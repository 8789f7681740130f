import { alertId } from '../detect/alert.ts';
import { type OwnRule, ownAlert } from '../detect/own-alert.ts';
import type { AlertStore, NewAlert, StoryStore } from '../store/contract.ts';
import { lookbackHalfLives, type Risk, type RiskSettings, riskRuleId, risksOf } from './risk.ts';

/** Alerts that risk is reckoned from, the newest first; those beyond are older and count least. */
export const maxRiskFacts = 20_000;
/** A risk that was told is told again once it has been below this share of the threshold. */
const lowShare = 0.5;
/** What is named in a reason. */
const named = 3;

const rule: OwnRule = {
  id: riskRuleId,
  title: 'High risk',
  level: 'high',
  tags: [],
  response:
    'Look at its stories and the alerts that add most, decide which of them are true, and close the others as false: the score follows.',
};

export interface RiskWatchOptions {
  readonly alerts: Pick<AlertStore, 'riskFacts'>;
  readonly stories: Pick<StoryStore, 'above' | 'setAbove'>;
  readonly settings: RiskSettings;
  /** 0 for no alerts. */
  readonly threshold: number;
  readonly raise: (alert: NewAlert) => Promise<void>;
  readonly now: () => number;
}

/** Reckons risks, and raises one alert when one passes the threshold. */
export class RiskWatch {
  readonly #o: RiskWatchOptions;

  constructor(options: RiskWatchOptions) {
    this.#o = options;
  }

  /** The highest first, as of an instant. */
  async risks(at = this.#o.now()): Promise<readonly Risk[]> {
    const { alerts, settings } = this.#o;
    const since = at - lookbackHalfLives * settings.halfLifeUs;
    // Those of hosts whose clocks are ahead count as of now.
    return risksOf(await alerts.riskFacts(since, maxRiskFacts), at, settings);
  }

  /** Raises what passed the threshold since the last look, whatever restarts lie between. */
  async look(): Promise<void> {
    const { threshold, stories } = this.#o;
    if (threshold === 0) return;
    const risks = new Map((await this.risks()).map((risk) => [subjectOf(risk), risk]));
    const above = new Set(await stories.above());
    for (const subject of above)
      if ((risks.get(subject)?.score ?? 0) < threshold * lowShare) await stories.setAbove(subject, null);
    for (const [subject, risk] of risks) {
      if (risk.score < threshold || above.has(subject)) continue;
      await this.#o.raise(this.#alertOf(subject, risk));
      await stories.setAbove(subject, this.#o.now());
    }
  }

  #alertOf(subject: string, risk: Risk): NewAlert {
    const { threshold } = this.#o;
    const at = this.#o.now();
    const [first] = risk.contributions;
    const why = risk.contributions
      .slice(0, named)
      .map(({ ruleTitle, points }) => `${ruleTitle} (${Math.round(points)})`);
    const left = risk.alerts - why.length;
    const host = risk.kind === 'host';
    const alert = ownAlert({
      rule: { ...rule, title: `High risk of a ${risk.kind}` },
      dataset: 'collector.risk',
      hostId: host ? risk.id : '',
      hostName: host ? risk.name : (first?.hostName ?? 'collector'),
      at,
      reason: `The risk of ${risk.kind} ${risk.name} passed ${threshold} because of ${why.join(', ')}${left > 0 ? ` and ${left} more alerts` : ''}.`,
      fields: { 'risk.score': Math.round(risk.score), ...(!host && { 'user.name': risk.id }) },
      key: `${subject} ${at}`,
    });
    return { ...alert, key: alertId(riskRuleId, subject), confidence: 'medium' };
  }
}

const subjectOf = ({ kind, id }: Risk) => `${kind} ${id}`;
