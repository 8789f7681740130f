import { useState } from 'react';
import type { EventJson } from '../../api/json/event.ts';
import { CopyJson } from '../alerts/detail/copy-json.tsx';
import { treeOfProcess } from '../data/address.ts';
import { useEventTypes } from '../data/queries.ts';
import { Icon } from '../frame/icon.tsx';
import { figure } from '../text/figures.ts';
import { Code, Visible } from '../text/visible.tsx';
import { Exact } from '../time/instant.tsx';
import { type EventAsk, useEventValues } from './event-queries.ts';
import { fieldTest } from './filter-text.ts';
import { huntLike } from './hunt-address.ts';

interface EventDetailProps {
  readonly event: EventJson;
  readonly ask: EventAsk;
  /** Narrows the search down by a test, e.g. `not user.name:root`. */
  readonly narrow: (test: string) => void;
  readonly close: () => void;
}

/** Names of the search that are not the fields' own. */
const searchNames: Readonly<Record<string, string>> = { 'event.dataset': 'type', 'host.name': 'host' };
/** What no filter compares. */
const withoutTest = new Set(['@timestamp', 'event.id']);

/** Everything an event says; each value narrows the search down to it, or to all but it. */
export function EventDetail({ event, ask, narrow, close }: EventDetailProps) {
  const { data } = useEventTypes();
  const type = data?.items.find(({ name }) => name === event['event.dataset']);
  const [counted, setCounted] = useState<string | null>(null);
  const entity = event['process.entity_id'];
  return (
    <aside className="event-detail" aria-label="Event detail">
      <div className="detail-head">
        <h2>{event['event.dataset']}</h2>
        <button
          type="button"
          className="button quiet icon push-end"
          aria-label="Close the event"
          onClick={close}
        >
          <Icon name="cross" />
        </button>
      </div>
      <p className="muted">
        <Exact at={event['@timestamp']} /> on <Visible text={event['host.name']} />
      </p>
      {type !== undefined && <p className="muted">{type.doc}</p>}
      <div className="event-actions">
        <a className="button" href={huntLike(event)}>
          Hunt this
        </a>
        {typeof entity === 'string' && (
          <a className="button" href={treeOfProcess(entity, event['host.id'], event['@timestamp'])}>
            Process tree
          </a>
        )}
        <CopyJson value={event} />
      </div>
      <dl className="event-values">
        {Object.entries(event).map(([name, value]) => (
          <div key={name}>
            <dt title={type?.fields.find((field) => field.name === name)?.doc}>{name}</dt>
            <dd>
              <Code text={Array.isArray(value) ? value.join(', ') : String(value)} wrap />
              {!withoutTest.has(name) && (
                <ValueActions
                  name={name}
                  value={value}
                  narrow={narrow}
                  isCounted={counted === name}
                  count={() => setCounted(counted === name ? null : name)}
                />
              )}
            </dd>
            {counted === name && <TopValues ask={ask} field={name} narrow={narrow} />}
          </div>
        ))}
      </dl>
    </aside>
  );
}

interface ValueActionsProps {
  readonly name: string;
  readonly value: unknown;
  readonly narrow: (test: string) => void;
  readonly isCounted: boolean;
  readonly count: () => void;
}

function ValueActions({ name, value, narrow, isCounted, count }: ValueActionsProps) {
  const test = fieldTest(searchNames[name] ?? name, value);
  const mayCount = searchNames[name] === undefined;
  return (
    <span className="value-actions">
      <button
        type="button"
        aria-label={`Only events with this ${name}`}
        title="Only this"
        onClick={() => narrow(test)}
      >
        +
      </button>
      <button
        type="button"
        aria-label={`No events with this ${name}`}
        title="Not this"
        onClick={() => narrow(`not ${test}`)}
      >
        −
      </button>
      {mayCount && (
        <button
          type="button"
          aria-label={`Most frequent values of ${name}`}
          title="Most frequent values"
          aria-expanded={isCounted}
          onClick={count}
        >
          Σ
        </button>
      )}
    </span>
  );
}

interface TopValuesProps {
  readonly ask: EventAsk;
  readonly field: string;
  readonly narrow: (test: string) => void;
}

/** The values most events of the search have in a field. */
function TopValues({ ask, field, narrow }: TopValuesProps) {
  const { data, error } = useEventValues(ask, field);
  if (error !== null) return <p className="check-bad">It could not be counted.</p>;
  if (data === undefined) return <p className="muted">Counting…</p>;
  const most = Math.max(1, ...data.items.map(({ events }) => events));
  return (
    <ol className="top-values">
      {data.items.map(({ value, events }) => (
        <li key={value}>
          <button type="button" onClick={() => narrow(fieldTest(field, value))}>
            <Visible text={value} />
          </button>
          <meter min={0} max={most} value={events} aria-hidden="true" />
          <span className="figure">{figure(events)}</span>
        </li>
      ))}
      {data.items.length === 0 && <li className="muted">No value is stored yet.</li>}
    </ol>
  );
}
