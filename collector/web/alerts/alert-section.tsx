import { useCallback, useMemo, useState } from 'react';
import type { AlertJson } from '../../api/json/alert.ts';
import { type AlertFilters, useAlert, useAlerts } from '../data/queries.ts';
import { explain } from '../data/request.ts';
import { Failure } from '../text/failure.tsx';
import { Visible } from '../text/visible.tsx';
import { AlertDetail } from './alert-detail.tsx';
import { AlertFilterBar } from './alert-filters.tsx';
import { useAlertKeys } from './alert-keys.ts';
import { AlertList } from './alert-list.tsx';
import { useAnnouncement } from './announcer.ts';
import { useStatusChange } from './triage.ts';

const none: readonly AlertJson[] = [];

/** The alert the keys act on: the last one focused, or the one that took its place when it left the list. */
function useCurrent(alerts: readonly AlertJson[]) {
  const [place, setPlace] = useState<{ id: string; index: number } | null>(null);
  const found = alerts.findIndex(({ id }) => id === place?.id);
  const index = found >= 0 ? found : Math.min(place?.index ?? 0, alerts.length - 1);
  const current = alerts[index];
  const choose = useCallback(
    (id: string) => setPlace({ id, index: alerts.findIndex((alert) => alert.id === id) }),
    [alerts],
  );
  const move = (by: number) => {
    const started = place !== null || by < 0;
    const next = alerts[Math.max(0, Math.min(alerts.length - 1, started ? index + by : index))];
    if (next !== undefined) document.getElementById(`alert-${next.id}`)?.focus();
  };
  return { current, choose, move };
}

export function AlertSection({ mayTriage }: { mayTriage: boolean }) {
  const [filters, setFilters] = useState<AlertFilters>({ status: 'open', minLevel: 'informational' });
  const [tag, setTag] = useState<string | null>(null);
  const [openId, setOpenId] = useState<string | null>(null);
  const list = useAlerts(filters);
  const loaded = list.data?.pages.flatMap((page) => page.items) ?? none;
  // biome-ignore lint/correctness/useExhaustiveDependencies: `loaded` is made anew from `list.data` every time.
  const alerts = useMemo(
    () => (tag === null ? loaded : loaded.filter((alert) => alert.tags.includes(tag))),
    [list.data, tag],
  );
  const { current, choose, move } = useCurrent(alerts);
  const { data: opened } = useAlert(openId);
  const change = useStatusChange();
  const target = opened ?? current;
  const set = (status: 'acknowledged' | 'closed') => {
    if (mayTriage && target !== undefined && target.status !== status)
      change.mutate({ alert: target, status });
  };
  useAlertKeys({
    next: () => move(1),
    previous: () => move(-1),
    open: () => current && setOpenId(current.id),
    acknowledge: () => set('acknowledged'),
    close: () => set('closed'),
    leave: () => {
      setOpenId(null);
      if (openId !== null) document.getElementById(`alert-${openId}`)?.focus();
    },
  });
  const toggle = useCallback((id: string) => setOpenId((was) => (was === id ? null : id)), []);
  return (
    <section className="panel" id="alerts" aria-labelledby="alerts-title">
      <div className="panel-head">
        <h2 id="alerts-title">Alerts</h2>
        <AlertFilterBar filters={filters} change={setFilters} />
        {tag !== null && (
          <button type="button" className="chip" onClick={() => setTag(null)}>
            <Visible text={tag} /> <span aria-hidden="true">×</span>
            <span className="hidden-text">, show all tags</span>
          </button>
        )}
        <KeyHints mayTriage={mayTriage} />
      </div>
      <p className="hidden-text" aria-live="polite">
        {useAnnouncement()}
      </p>
      {change.error !== null && <p className="notice bad">{explain(change.error).what}</p>}
      {list.error !== null && <Failure error={list.error} retry={() => void list.refetch()} />}
      <div className={opened === undefined ? 'alert-split' : 'alert-split with-detail'}>
        <AlertList
          alerts={alerts}
          current={current?.id}
          opened={openId}
          filters={filters}
          loading={list.isPending}
          more={list.hasNextPage ? () => void list.fetchNextPage() : undefined}
          onOpen={toggle}
          onFocus={choose}
        />
        {opened !== undefined && (
          <AlertDetail
            key={opened.id}
            alert={opened}
            mayTriage={mayTriage}
            onStatus={(status, note, verdict) =>
              change.mutate({ alert: opened, status, note, ...(verdict !== undefined && { verdict }) })
            }
            onTag={setTag}
            onClose={() => setOpenId(null)}
          />
        )}
      </div>
    </section>
  );
}

function KeyHints({ mayTriage }: { mayTriage: boolean }) {
  return (
    <p className="keys">
      <kbd>j</kbd>
      <kbd>k</kbd> move <kbd>↵</kbd> open
      {mayTriage && (
        <>
          {' '}
          <kbd>a</kbd> acknowledge <kbd>c</kbd> close
        </>
      )}
    </p>
  );
}
