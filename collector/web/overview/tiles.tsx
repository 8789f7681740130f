import { useSyncExternalStore } from 'react';
import type { StatusJson } from '../../api/json/status.ts';
import { outside } from '../../intake/outside.ts';
import { type Level, levels } from '../../store/contract.ts';
import { useAlertCounts, useHosts, useStatus } from '../data/queries.ts';
import { rateHistory, recentRate } from '../data/rate-history.ts';
import { figure, shortFigure, sizeOf } from '../text/figures.ts';
import { useClock } from '../time/clock.ts';
import { LossTile } from './loss-tile.tsx';
import { Tile } from './tile.tsx';

function HostTile() {
  const { data } = useHosts();
  // Those that have an agent which ought to be there.
  const hosts = (data?.items ?? []).filter(({ id, state }) => id !== outside.id && state === 'active');
  const connected = hosts.filter((host) => host.connected).length;
  const away = hosts.length - connected;
  return (
    <Tile
      title="Hosts connected"
      href="/hosts"
      tone={away > 0 ? 'warn' : 'plain'}
      value={
        <>
          {connected}
          <small> of {hosts.length}</small>
        </>
      }
    >
      {hosts.length === 0 ? 'None enrolled yet' : away === 0 ? 'All reporting' : `${away} not reporting`}
    </Tile>
  );
}

const storedEvents = ({ journal, storage }: StatusJson) => journal.events + storage.segments.events;
const storedBytes = ({ journal, storage }: StatusJson) => journal.sizeBytes + storage.segments.sizeBytes;

function RateTile() {
  useSyncExternalStore(rateHistory.subscribe, rateHistory.version);
  const rate = useClock((nowMs) => recentRate(Math.floor(nowMs / 1000)));
  const { data } = useStatus();
  return (
    <Tile
      title="Events per second"
      href="/events"
      value={
        <>
          {shortFigure(rate)}
          <small>/s</small>
        </>
      }
    >
      {data && `${figure(storedEvents(data))} stored, ${sizeOf(storedBytes(data))}`}
    </Tile>
  );
}

const fromWorst: readonly Level[] = levels.toReversed();

function AlertTile() {
  const { data } = useAlertCounts();
  const byLevel = fromWorst.filter((level) => (data?.openByLevel[level] ?? 0) > 0);
  return (
    <Tile title="Open alerts" href="/alerts" value={data ? figure(data.byStatus.open) : '–'}>
      {byLevel.length === 0
        ? 'Nothing waits for you'
        : byLevel.map((level) => (
            <span key={level} className={`level-count ${level}`}>
              {data?.openByLevel[level]} {level === 'informational' ? 'info' : level}
            </span>
          ))}
    </Tile>
  );
}

function DetectionTile() {
  const { data } = useStatus();
  const behind = (data?.detection.lagBatches ?? 0) > 0;
  return (
    <Tile
      title="Detection"
      href="/rules"
      value={
        <>
          {data ? figure(data.detection.rules) : '–'}
          <small> {data?.detection.rules === 1 ? 'rule' : 'rules'}</small>
        </>
      }
    >
      {data && (behind ? `${figure(data.detection.lagBatches)} batches behind` : 'Up to date')}
    </Tile>
  );
}

/** How things are, at a glance. */
export function Tiles() {
  return (
    <div className="tiles">
      <AlertTile />
      <HostTile />
      <RateTile />
      <DetectionTile />
      <LossTile />
    </div>
  );
}
