import { useState } from 'react';
import type { AlertJson } from '../../api/json/alert.ts';
import type { AlertStatus, AlertVerdict } from '../../store/contract.ts';
import { pageOfAlert } from '../data/address.ts';
import { useAlert } from '../data/queries.ts';
import { PageHead } from '../frame/page-head.tsx';
import { useShortcuts } from '../keys/shortcuts.ts';
import type { PageProps } from '../route/page-entry.ts';
import { go } from '../route/place.ts';
import { useTitle } from '../route/title.ts';
import { useMay } from '../session/caller.ts';
import { CloseDialog } from './close-dialog.tsx';
import { AlertDetail } from './detail/alert-detail.tsx';
import { FilterBar } from './filter-bar.tsx';
import { FilterChips } from './filter-chips.tsx';
import { useAlertFilters } from './filters.ts';
import { Outcome } from './outcome.tsx';
import { NoAlerts, Queue } from './queue.tsx';
import { SelectionBar } from './selection-bar.tsx';
import { useStatusChange } from './triage.ts';
import { useQueue } from './use-queue.ts';

const nothing: ReadonlySet<string> = new Set();

/** Opens an alert beside the queue, or none. Going through the queue is one step of the history. */
function show(id: string | null, isOpen: boolean): void {
  go(
    (id === null ? '/alerts' : pageOfAlert(id)) + location.search,
    isOpen && id !== null ? 'replace' : 'push',
  );
}

/** The queue of alerts, and the one that is open. */
export default function AlertsPage({ params }: PageProps) {
  const openId = params['id'] ?? null;
  const mayTriage = useMay('triage');
  const [filters, changeFilters] = useAlertFilters();
  const [selected, setSelected] = useState(nothing);
  const [active, setActive] = useState<AlertJson>();
  const [isAway, setAway] = useState(false);
  const [asked, setAsked] = useState<AlertStatus | null>(null);
  const isReading = openId !== null || active !== undefined || selected.size > 0 || isAway;
  const { list, alerts, fresh, release, takeFresh } = useQueue(filters, isReading, openId);
  const opened = useAlert(openId);
  const change = useStatusChange(release);
  useTitle(opened.data?.ruleTitle ?? 'Alerts');

  const targets = selected.size > 0 ? [...selected] : [openId ?? active?.id].filter((id) => id !== undefined);
  const set = (status: AlertStatus, note = '', verdict?: AlertVerdict, ids = targets) => {
    if (!mayTriage || ids.length === 0) return;
    change.mutate({ ids, status, note, ...(verdict !== undefined && { verdict }) });
    setSelected(nothing);
    setAsked(null);
  };
  useShortcuts('Alerts', [
    ...(mayTriage
      ? [
          { keys: 'a', words: 'Acknowledge', act: () => set('acknowledged') },
          {
            keys: 'c',
            words: 'Close; many with a note and a verdict',
            act: () => (selected.size > 0 ? setAsked('closed') : set('closed')),
          },
          {
            keys: 'shift+C',
            words: 'Close with a note',
            act: () => targets.length > 0 && setAsked('closed'),
          },
        ]
      : []),
    { keys: '.', words: 'Show what is new', act: takeFresh },
    { keys: '/', words: 'Search alerts', act: () => document.getElementById('alert-search')?.focus() },
    {
      keys: 'Escape',
      words: 'Leave the alert, then the selection',
      act: () => (openId !== null ? show(null, true) : setSelected(nothing)),
    },
  ]);
  return (
    <div className="fill">
      <PageHead
        title="Alerts"
        actions={
          <p className="keys">
            <kbd>?</kbd> keys
          </p>
        }
      >
        <FilterBar />
      </PageHead>
      <FilterChips filters={filters} change={changeFilters} />
      <Outcome change={change} />
      <div className={openId === null ? 'split panel' : 'split panel with-detail'}>
        <div className="split-list">
          {selected.size > 0 && (
            <SelectionBar
              count={selected.size}
              mayTriage={mayTriage}
              ask={setAsked}
              clear={() => setSelected(nothing)}
            />
          )}
          {fresh > 0 && (
            <button type="button" className="take-fresh" onClick={takeFresh}>
              {fresh} new <kbd>.</kbd>
            </button>
          )}
          <Queue
            list={list}
            alerts={alerts}
            selected={selected}
            openId={openId}
            onSelect={setSelected}
            onAway={setAway}
            onOpen={(alert) => show(alert.id, openId !== null)}
            onActive={(alert) => {
              setActive(alert);
              if (openId !== null && alert !== undefined && alert.id !== openId && active !== undefined)
                show(alert.id, true);
            }}
            empty={<NoAlerts filters={filters} />}
          />
        </div>
        {openId !== null && (
          <AlertDetail
            key={openId}
            opened={opened}
            mayTriage={mayTriage}
            onStatus={(status, note, verdict) => set(status, note, verdict, [openId])}
            onClose={() => show(null, true)}
          />
        )}
      </div>
      {asked !== null && (
        <CloseDialog
          alerts={targets.length}
          status={asked}
          onDone={(note, verdict) => set(asked, note, verdict)}
          onClose={() => setAsked(null)}
        />
      )}
    </div>
  );
}
