import { lazy, Suspense, useState } from 'react';
import type { AlertJson } from '../../../api/json/alert.ts';
import type { AlertStatus, AlertVerdict } from '../../../store/contract.ts';
import { pageOfStory } from '../../data/address.ts';
import type { useAlert } from '../../data/queries.ts';
import { Fields } from '../../events/fields.tsx';
import { Icon } from '../../frame/icon.tsx';
import { Failure } from '../../text/failure.tsx';
import { Code, Visible } from '../../text/visible.tsx';
import { LevelBadge } from '../level-badge.tsx';
import { AlertStatusWord } from '../status-word.tsx';
import { Attack } from './attack.tsx';
import { CopyJson } from './copy-json.tsx';
import { Evidence } from './evidence.tsx';
import { Facts } from './facts.tsx';
import { History } from './history.tsx';
import { Matches } from './matches.tsx';
import { Samples } from './samples.tsx';
import { Similar } from './similar.tsx';
import { TreeSection } from './tree-section.tsx';
import { Triage } from './triage.tsx';

const ExceptionDialog = lazy(() => import('./exception-dialog.tsx'));

interface AlertDetailProps {
  readonly opened: ReturnType<typeof useAlert>;
  readonly mayTriage: boolean;
  readonly onStatus: (status: AlertStatus, note: string, verdict?: AlertVerdict) => void;
  readonly onClose: () => void;
}

/** Everything about one alert, what matters first. */
export function AlertDetail({ opened, mayTriage, onStatus, onClose }: AlertDetailProps) {
  const { data: alert, error, refetch } = opened;
  return (
    <aside className="detail" aria-label="Alert detail">
      <div className="detail-head">
        {alert !== undefined && (
          <>
            <LevelBadge level={alert.level} />
            <AlertStatusWord alert={alert} />
          </>
        )}
        <button type="button" className="button quiet" onClick={onClose}>
          Hide <kbd>esc</kbd>
        </button>
      </div>
      {error !== null && <Failure error={error} retry={() => void refetch()} />}
      {alert === undefined ? (
        error === null && <div className="page-loading" role="status" aria-label="Loading" />
      ) : (
        <Body alert={alert} mayTriage={mayTriage} onStatus={onStatus} />
      )}
    </aside>
  );
}

type BodyProps = Pick<AlertDetailProps, 'mayTriage' | 'onStatus'> & { readonly alert: AlertJson };

function Body({ alert, mayTriage, onStatus }: BodyProps) {
  const [isExcepting, setExcepting] = useState(false);
  return (
    <>
      <h2 className="detail-title">
        <Visible text={alert.ruleTitle} />
      </h2>
      <p className="detail-reason">
        <Visible text={alert.reason} />
      </p>
      {mayTriage && (
        <Triage alert={alert} onStatus={onStatus}>
          {alert.event['event.dataset'].startsWith('collector.') || (
            <button type="button" className="button" onClick={() => setExcepting(true)}>
              Exception…
            </button>
          )}
        </Triage>
      )}
      {alert.response !== null && (
        <section className="what-to-do">
          <h3>What to do</h3>
          <p>
            <Visible text={alert.response} />
          </p>
        </section>
      )}
      <Facts alert={alert} />
      <StoryLink alert={alert} />
      <Commands alert={alert} />
      <Matches alert={alert} />
      <TreeSection alert={alert} />
      <Attack tags={alert.tags} />
      <History alert={alert} />
      <Samples samples={alert.samples} />
      <Similar alert={alert} />
      <Evidence alert={alert} />
      <section>
        <h3>First event</h3>
        <Fields event={alert.event} />
      </section>
      <CopyJson value={alert} />
      {isExcepting && (
        <Suspense>
          <ExceptionDialog alert={alert} onClose={() => setExcepting(false)} />
        </Suspense>
      )}
    </>
  );
}

function StoryLink({ alert: { storyId } }: { alert: AlertJson }) {
  if (storyId === null) return null;
  return (
    <p>
      <a className="button" href={pageOfStory(storyId)}>
        <Icon name="stories" size={14} /> The story it is part of
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
          <h3>Parent command line</h3>
          <Code text={parent} wrap />
        </>
      )}
      {typeof own === 'string' && (
        <>
          <h3>Command line</h3>
          <Code text={own} wrap />
        </>
      )}
    </section>
  );
}
