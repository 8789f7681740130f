import type { FindingJson } from '../../api/json/analysis.ts';
import { LevelBadge } from '../alerts/level-badge.tsx';
import { eventsWith, pageOfHost } from '../data/address.ts';
import { figure } from '../text/figures.ts';
import { Code, Visible } from '../text/visible.tsx';
import { Exact } from '../time/instant.tsx';

/** Something that stands out: how grave, how sure, what it rests on, and what to do. */
export function FindingCard({ finding }: { finding: FindingJson }) {
  const { severity, confidence, title, description, hostId, hostName, techniques } = finding;
  return (
    <article className={`panel finding ${severity}`} aria-label={title}>
      <header>
        <LevelBadge level={severity} />
        <h2>
          <Visible text={title} />
        </h2>
        <span className="confidence">
          <meter min={0} max={1} value={confidence} aria-label="Confidence" />
          {Math.round(confidence * 100)} % sure
        </span>
      </header>
      <p>
        <Visible text={description} />
      </p>
      <dl className="facts">
        <dt>Host</dt>
        <dd>
          {hostId === null ? (
            'several'
          ) : (
            <a href={pageOfHost(hostId)}>{<Visible text={hostName ?? hostId} />}</a>
          )}
        </dd>
        <dt>Seen</dt>
        <dd>
          <Exact at={finding.firstSeen} /> – <Exact at={finding.lastSeen} />
        </dd>
        {finding.affected.map(({ field, value }) => (
          <Fact key={`${field} ${value}`} name={field} value={value} />
        ))}
        {techniques.length > 0 && (
          <>
            <dt>ATT&CK</dt>
            <dd>{techniques.join(', ')}</dd>
          </>
        )}
      </dl>
      {finding.recommendations.length > 0 && (
        <>
          <h3>What to do</h3>
          <ul className="advice">
            {finding.recommendations.map((text) => (
              <li key={text}>
                <Visible text={text} />
              </li>
            ))}
          </ul>
        </>
      )}
      <footer>
        <a className="button" href={spanned(finding)}>
          The events
        </a>
        <details>
          <summary>What it rests on</summary>
          <dl className="facts">
            {Object.entries(finding.numbers).map(([name, value]) => (
              <Fact
                key={name}
                name={name}
                value={Number.isInteger(value) ? figure(value) : value.toPrecision(4)}
              />
            ))}
          </dl>
        </details>
      </footer>
    </article>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <Code text={value} wrap />
      </dd>
    </>
  );
}

/** The search for its events, over the time in which they were seen. */
function spanned({ filter, firstSeen, lastSeen }: FindingJson): string {
  const query = new URLSearchParams({ since: firstSeen, until: lastSeen });
  return `${eventsWith(filter)}&${query}`;
}
