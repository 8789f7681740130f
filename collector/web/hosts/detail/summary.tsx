import type { HostWithRiskJson } from '../../../api/json/host.ts';
import { eventsWith } from '../../data/address.ts';
import { Tile } from '../../overview/tile.tsx';
import { figure, shortFigure } from '../../text/figures.ts';
import { Visible } from '../../text/visible.tsx';
import { durationWords } from '../../time/duration.ts';
import { Ago } from '../../time/instant.tsx';
import { SensorList } from '../sensors.tsx';
import type { HostRow } from '../use-host-rows.ts';
import { AlertsPanel } from './alerts-panel.tsx';
import { CertificatesPanel } from './certificates-panel.tsx';
import { FactsPanel } from './facts-panel.tsx';
import { LedgerPanel } from './ledger-panel.tsx';
import { RiskPanel } from './risk-panel.tsx';
import { useEventRate } from './use-event-rate.ts';

interface SummaryProps {
  readonly host: HostWithRiskJson;
  readonly row: HostRow | undefined;
}

/** How a host is: what needs looking at first. */
const alertsThatCount = (alerts: number) =>
  alerts === 1 ? '1 alert counts' : `${figure(alerts)} alerts count`;

export function Summary({ host, row }: SummaryProps) {
  return (
    <>
      <Tiles host={host} row={row} />
      <div className="columns">
        <AlertsPanel host={host} />
        <RiskPanel host={host} />
        <section className="panel" aria-labelledby="host-sensors">
          <div className="panel-head">
            <h2 id="host-sensors">Sensors</h2>
            {row?.health !== undefined && (
              <span className="muted">
                as said <Ago at={row.health['@timestamp']} />
              </span>
            )}
          </div>
          <div className="panel-body">
            <SensorList sensors={row?.sensors ?? []} />
          </div>
        </section>
        <LedgerPanel row={row} />
        <FactsPanel host={host} row={row} />
        <CertificatesPanel host={host} />
      </div>
    </>
  );
}

function Tiles({ host, row }: SummaryProps) {
  const rate = useEventRate(row?.ledger);
  const ledger = row?.ledger;
  const defects = ledger === undefined ? 0 : Math.abs(ledger.unaccounted) + ledger.duplicates;
  const lost = (ledger?.lost ?? 0) + defects;
  const score = Math.round(host.risk?.score ?? 0);
  return (
    <div className="tiles five">
      <Tile title="Risk" value={figure(score)} tone={score >= 60 ? 'bad' : 'plain'}>
        {host.risk === null ? 'No alert counts' : alertsThatCount(host.risk.alerts)}
      </Tile>
      <Tile
        title="Lag"
        value={row?.lagMs === undefined ? '–' : durationWords(row.lagMs)}
        tone={row?.presence === 'behind' ? 'bad' : 'plain'}
      >
        {ledger === undefined ? '' : `${figure(ledger.pending)} events on their way`}
      </Tile>
      <Tile
        title="Events per second"
        value={
          <>
            {rate === undefined ? '–' : shortFigure(rate)}
            <small>/s</small>
          </>
        }
      >
        <a href={eventsWith(`host:'${host.id}'`)}>{figure(ledger?.stored ?? 0)} stored</a>
      </Tile>
      <Tile title="Events lost" value={figure(lost)} tone={lost > 0 ? 'bad' : 'good'}>
        {lost > 0 ? 'Each counted below' : 'Every event accounted for'}
      </Tile>
      <Tile
        title="Rules"
        value={row?.rules === undefined || row.rules.version === 0 ? '–' : figure(row.rules.version)}
        tone={row?.rules?.code ? 'bad' : 'plain'}
      >
        <Visible text={row?.rules?.detail || (row?.rules?.status ?? 'not said yet')} />
      </Tile>
    </div>
  );
}
