import { memo } from 'react';
import type { AlertJson } from '../../api/json/alert.ts';
import { figure } from '../text/figures.ts';
import { Code, Visible } from '../text/visible.tsx';
import { Ago } from '../time/instant.tsx';
import { LevelBadge } from './level-badge.tsx';

/** The title stands above it already. */
function withoutTitle({ reason, ruleTitle }: AlertJson): string {
  const prefix = `${ruleTitle}: `;
  return reason.startsWith(prefix) ? reason.slice(prefix.length) : reason;
}

interface AlertRowProps {
  readonly alert: AlertJson;
  readonly current: boolean;
  readonly open: boolean;
  readonly onOpen: (id: string) => void;
  readonly onFocus: (id: string) => void;
}

/** Alerts raised this short a while ago light up when they come. */
const freshMs = 6_000;

const textOf = (value: unknown) => (typeof value === 'string' ? value : undefined);

export const AlertRow = memo(function AlertRow({ alert, current, open, onOpen, onFocus }: AlertRowProps) {
  const commandLine = textOf(alert.event['process.command_line']);
  const user = textOf(alert.event['user.name']);
  const fresh = Date.now() - Date.parse(alert.raisedAt) < freshMs;
  return (
    <li
      className={`alert ${alert.level}${open ? ' open' : ''}${fresh ? ' fresh' : ''}`}
      aria-current={current ? 'true' : undefined}
    >
      <LevelBadge level={alert.level} />
      <div className="alert-what">
        <button
          type="button"
          className="alert-title"
          id={`alert-${alert.id}`}
          tabIndex={current ? 0 : -1}
          aria-expanded={open}
          onClick={() => onOpen(alert.id)}
          onFocus={() => onFocus(alert.id)}
        >
          <Visible text={alert.ruleTitle} />
        </button>
        <p className="alert-reason">
          <Visible text={withoutTitle(alert)} />
        </p>
        {commandLine !== undefined && <Code text={commandLine} />}
      </div>
      <div className="alert-where">
        <span className="alert-host">
          <Visible text={alert.hostName} />
        </span>
        {user !== undefined && (
          <span className="muted">
            <Visible text={user} />
          </span>
        )}
      </div>
      <div className="alert-when">
        <Ago at={alert.lastEventAt} />
        {alert.count > 1 && (
          <span className="times" title={`${figure(alert.count)} matching events`}>
            ×{figure(alert.count)}
          </span>
        )}
      </div>
      <span className={`status ${alert.status}`}>{alert.status}</span>
    </li>
  );
});
