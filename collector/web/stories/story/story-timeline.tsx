import type { AlertJson } from '../../../api/json/alert.ts';
import { AlertSaid } from '../../alerts/alert-what.tsx';
import { tagWords } from '../../alerts/attack-tag.ts';
import { LevelBadge } from '../../alerts/level-badge.tsx';
import { AlertStatusWord } from '../../alerts/status-word.tsx';
import { pageOfAlert } from '../../data/address.ts';
import { figure } from '../../text/figures.ts';
import { Visible } from '../../text/visible.tsx';
import { durationWords } from '../../time/duration.ts';
import { Clock } from '../../time/instant.tsx';

/** A pause this long is worth saying. */
const pauseMs = 60_000;

const tacticsOf = ({ tags }: AlertJson) =>
  tags.filter((tag) => /^attack\.(?!t\d|s\d|g\d)/i.test(tag)).map(tagWords);

/** The alerts in the order of time, with the pauses between them. */
export function StoryTimeline({ alerts }: { alerts: readonly AlertJson[] }) {
  return (
    <ol className="story-line">
      {alerts.map((alert, i) => {
        const before = alerts[i - 1];
        const gapMs =
          before === undefined ? 0 : Date.parse(alert.firstEventAt) - Date.parse(before.lastEventAt);
        return (
          <li key={alert.id} className={`alert ${alert.level}`}>
            {gapMs >= pauseMs && <p className="story-gap muted">{durationWords(gapMs)} later</p>}
            <div className="story-step">
              <span className="muted">
                <Clock at={alert.firstEventAt} />
              </span>
              <LevelBadge level={alert.level} />
              <div className="story-what">
                <a href={pageOfAlert(alert.id)}>
                  <Visible text={alert.ruleTitle} />
                </a>{' '}
                <span className="muted">
                  on <Visible text={alert.hostName} />
                  {alert.count > 1 && <>, {figure(alert.count)} events</>}
                  {tacticsOf(alert).length > 0 && (
                    <>
                      {' · '}
                      <Visible text={tacticsOf(alert).join(', ')} />
                    </>
                  )}
                </span>
                <div>
                  <AlertSaid alert={alert} wrap />
                </div>
              </div>
              <AlertStatusWord alert={alert} />
            </div>
          </li>
        );
      })}
    </ol>
  );
}
