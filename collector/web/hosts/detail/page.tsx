import { useHost } from '../../data/host-queries.ts';
import { inView } from '../../frame/in-view.ts';
import { PageHead } from '../../frame/page-head.tsx';
import type { PageProps } from '../../route/page-entry.ts';
import { useParameter } from '../../route/place.ts';
import { useTitle } from '../../route/title.ts';
import { useMay } from '../../session/caller.ts';
import { Failure } from '../../text/failure.tsx';
import { Visible } from '../../text/visible.tsx';
import { PresenceMark } from '../presence-mark.tsx';
import { useHostRows } from '../use-host-rows.ts';
import { CommandsPanel } from './commands-panel.tsx';
import { HostState } from './host-state.tsx';
import { LivePanel } from './live-panel.tsx';
import { liveTables } from './live-tables.ts';
import { Summary } from './summary.tsx';

const tabs = [
  ['', 'Summary'],
  ...liveTables.map(({ tab, title }) => [tab, title] as const),
  ['commands', 'Commands'],
] as const;

/** One host: how it is, what runs on it, what it was told to do. The tab is in the address. */
export default function HostPage({ params: { id = '' } }: PageProps) {
  const { data: host, error, refetch } = useHost(id);
  const [tab, setTab] = useParameter('tab');
  const row = useHostRows().find((one) => one.host.id === id);
  const mayAdminister = useMay('administer');
  useTitle(host?.hostname);
  if (error !== null && host === undefined)
    return (
      <section className="panel" aria-label="Host">
        <Failure error={error} retry={() => void refetch()} />
      </section>
    );
  if (host === undefined) return <div className="page-loading" role="status" aria-label="Loading" />;
  const table = liveTables.find((one) => one.tab === tab);
  return (
    <>
      <PageHead title={<Visible text={host.hostname} />} actions={mayAdminister && <HostState host={host} />}>
        {row !== undefined && <PresenceMark presence={row.presence} />}
        <span className="muted">
          <Visible text={[host.os, host.osVersion, host.kernel, host.arch].filter(Boolean).join(' · ')} />
        </span>
      </PageHead>
      <nav className="page-tabs" aria-label="Of this host">
        {tabs.map(([name, title]) => (
          <button
            key={name}
            type="button"
            ref={tab === name ? inView : undefined}
            aria-current={tab === name ? 'page' : undefined}
            onClick={() => setTab(name)}
          >
            {title}
          </button>
        ))}
      </nav>
      {table !== undefined ? (
        <LivePanel key={table.tab} host={host} table={table} />
      ) : tab === 'commands' ? (
        <CommandsPanel host={host} />
      ) : (
        <Summary host={host} row={row} />
      )}
    </>
  );
}
