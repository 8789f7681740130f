import { useEffect, useRef, useState } from 'react';
import type { AlertJson } from '../../api/json/alert.ts';
import type { AlertStatus, AlertVerdict } from '../../store/contract.ts';
import { treeOfAlert } from '../data/address.ts';
import { Fields } from '../events/fields.tsx';
import { visibleText } from '../text/control-characters.ts';
import { figure } from '../text/figures.ts';
import { Code, Visible } from '../text/visible.tsx';
import { Ago, Exact } from '../time/instant.tsx';
import { isAttack, tagWords } from './attack-tag.ts';
import { CopyJson } from './copy-json.tsx';
import { LevelBadge } from './level-badge.tsx';
import { Matches } from './matches.tsx';

interface AlertDetailProps {
  readonly alert: AlertJson;
  readonly mayTriage: boolean;
  readonly onStatus: (status: AlertStatus, note: string, verdict?: AlertVerdict) => void;
  readonly onTag: (tag: string) => void;
  readonly onClose: () => void;
}

export function AlertDetail({ alert, mayTriage, onStatus, onTag, onClose }: AlertDetailProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // Not returned: some browsers give a promise, and React would call it as the clean-up.
    heading.current?.scrollIntoView({ block: 'nearest' });
  }, []);
  return (
    <aside className="detail" aria-label="Alert detail">
      <div className="detail-head">
        <LevelBadge level={alert.level} />
        <span className={`status ${alert.status}`}>{alert.status}</span>
        {alert.verdict !== null && <span className="status">{alert.verdict.replace('-', ' ')}</span>}
        <button type="button" className="button quiet" onClick={onClose}>
          Hide <kbd>esc</kbd>
        </button>
      </div>
      <h3 ref={heading}>
        <Visible text={alert.ruleTitle} />
      </h3>
      <p className="detail-reason">
        <Visible text={alert.reason} />
      </p>
      {mayTriage && <Triage alert={alert} onStatus={onStatus} />}
      <TreeLink alert={alert} />
      <Commands alert={alert} />
      <Matches alert={alert} />
      <Facts alert={alert} />
      <Tags tags={alert.tags} onTag={onTag} />
      <section>
        <h4>Event</h4>
        <Fields event={alert.event} />
      </section>
      <CopyJson value={alert} />
    </aside>
  );
}

function Triage({ alert, onStatus }: Pick<AlertDetailProps, 'alert' | 'onStatus'>) {
  const [note, setNote] = useState('');
  const button = (status: AlertStatus, label: string, key?: string) =>
    alert.status !== status && (
      <button
        type="button"
        className={status === 'acknowledged' ? 'button primary' : 'button'}
        onClick={() => onStatus(status, note)}
      >
        {label}
        {key !== undefined && <kbd>{key}</kbd>}
      </button>
    );
  return (
    <div className="triage">
      <label>
        <span className="hidden-text">Note</span>
        <input
          type="text"
          value={note}
          maxLength={4096}
          placeholder="Note (optional)"
          onChange={(event) => setNote(event.target.value)}
        />
      </label>
      {button('acknowledged', 'Acknowledge', 'a')}
      {button('closed', 'Close alert', 'c')}
      {alert.status !== 'open' && button('open', 'Reopen')}
      {alert.verdict !== 'true-positive' && (
        <button type="button" className="button" onClick={() => onStatus('closed', note, 'true-positive')}>
          Close as true
        </button>
      )}
      {alert.verdict !== 'false-positive' && (
        <button type="button" className="button" onClick={() => onStatus('closed', note, 'false-positive')}>
          Close as false
        </button>
      )}
    </div>
  );
}

/** Leads to the tree of the process that the alert is about. */
function TreeLink({ alert }: { alert: AlertJson }) {
  const { event } = alert;
  if (event['process.entity_id'] === undefined && event['process.pid'] === undefined) return null;
  return (
    <p>
      <a className="button" href={treeOfAlert(alert.id)}>
        Process tree and timeline
      </a>
    </p>
  );
}

function Commands({ alert }: { alert: AlertJson }) {
  const own = alert.event['process.command_line'];
  const parent = alert.event['process.parent.command_line'];
  if (typeof own !== 'string' && typeof parent !== 'string') return null;
  return (
    <section className="commands">
      {typeof parent === 'string' && (
        <>
          <h4>Parent command line</h4>
          <Code text={parent} wrap />
        </>
      )}
      {typeof own === 'string' && (
        <>
          <h4>Command line</h4>
          <Code text={own} wrap />
        </>
      )}
    </section>
  );
}

function Facts({ alert }: { alert: AlertJson }) {
  return (
    <dl className="facts">
      <dt>Host</dt>
      <dd>
        <Visible text={alert.hostName} />
      </dd>
      <dt>First event</dt>
      <dd>
        <Exact at={alert.firstEventAt} />
      </dd>
      <dt>Last event</dt>
      <dd>
        <Exact at={alert.lastEventAt} />
      </dd>
      <dt>Events</dt>
      <dd>{figure(alert.count)}</dd>
      <dt>Rule</dt>
      <dd>
        <Code text={alert.ruleId} wrap />
      </dd>
      {alert.changedAt !== null && (
        <>
          <dt>Changed</dt>
          <dd>
            <Ago at={alert.changedAt} /> by <Visible text={alert.changedBy ?? 'somebody'} />
          </dd>
        </>
      )}
      {alert.note !== null && (
        <>
          <dt>Note</dt>
          <dd>
            <Visible text={alert.note} />
          </dd>
        </>
      )}
    </dl>
  );
}

function Tags({ tags, onTag }: { tags: readonly string[]; onTag: (tag: string) => void }) {
  if (tags.length === 0) return null;
  return (
    <section>
      <h4>ATT&CK and tags</h4>
      <p className="tags">
        {tags.map((tag) => (
          <button
            key={tag}
            type="button"
            className="chip"
            title={`Show alerts tagged ${visibleText(tag)}`}
            onClick={() => onTag(tag)}
          >
            <Visible text={isAttack(tag) ? tagWords(tag) : tag} />
          </button>
        ))}
      </p>
    </section>
  );
}
