import { useState } from 'react';
import { type Level, levels } from '../../store/contract.ts';
import { alertsWith } from '../data/address.ts';
import { type HistogramJson, useAlertHistogram } from '../data/desk-queries.ts';
import { go, useParameter } from '../route/place.ts';
import { Empty, Failure } from '../text/failure.tsx';
import { figure } from '../text/figures.ts';
import { clockTime, dayOf, timeZone, type Zone } from '../time/zone.ts';

const spans = [
  ['24h', 'Day', 24],
  ['7d', 'Week', 7 * 24],
  ['30d', 'Month', 30 * 24],
] as const;
const bars = 72;
/** The worst at the bottom, where it is seen best. */
const fromWorst: readonly Level[] = levels.toReversed();

interface Bar {
  readonly at: number;
  readonly counts: Readonly<Record<Level, number>>;
  readonly total: number;
}

const none: Readonly<Record<Level, number>> = { informational: 0, low: 0, medium: 0, high: 0, critical: 0 };

/** Every stretch, those without alerts too. */
function barsOf({ since, bucketS, items }: HistogramJson): readonly Bar[] {
  const start = Date.parse(since);
  const byIndex = new Map(
    items.map((item) => [Math.round((Date.parse(item.at) - start) / (bucketS * 1000)), item]),
  );
  return Array.from({ length: bars }, (_, i) => {
    const counts = byIndex.get(i) ?? none;
    return {
      at: start + i * bucketS * 1000,
      counts,
      total: levels.reduce((sum, level) => sum + counts[level], 0),
    };
  });
}

/** Alerts raised over time by level. A stretch leads to its alerts. */
export function AlertHistogram() {
  const [chosen, choose] = useParameter('span');
  const [span, , hours] = spans.find(([id]) => id === chosen) ?? spans[0];
  const { data, error, refetch } = useAlertHistogram(hours, bars);
  const shown = data && barsOf(data);
  const total = shown?.reduce((sum, bar) => sum + bar.total, 0) ?? 0;
  return (
    <section className="panel" aria-labelledby="histogram-title">
      <div className="panel-head">
        <h2 id="histogram-title">Alerts raised</h2>
        {data !== undefined && <span className="muted">{figure(total)}</span>}
        <fieldset className="tabs small">
          <legend className="hidden-text">Time</legend>
          {spans.map(([id, words]) => (
            <button
              key={id}
              type="button"
              aria-pressed={id === span}
              onClick={() => choose(id === '24h' ? '' : id)}
            >
              {words}
            </button>
          ))}
        </fieldset>
      </div>
      {error !== null && <Failure error={error} retry={() => void refetch()} />}
      {data !== undefined && shown !== undefined && total > 0 ? (
        <Bars bars={shown} bucketMs={data.bucketS * 1000} isLong={hours > 24} />
      ) : (
        error === null && <Empty title={data === undefined ? 'Loading…' : 'No alerts in this time'} />
      )}
    </section>
  );
}

function timeWords(atMs: number, isLong: boolean, zone: Zone): string {
  const at = new Date(atMs);
  const clock = clockTime(at, zone).slice(0, 5);
  return isLong ? `${dayOf(at, zone)} ${clock}` : clock;
}

interface BarsProps {
  readonly bars: readonly Bar[];
  readonly bucketMs: number;
  readonly isLong: boolean;
}

function Bars({ bars: shown, bucketMs, isLong }: BarsProps) {
  const zone = timeZone.use();
  const [hover, setHover] = useState<number | null>(null);
  const most = Math.max(1, ...shown.map(({ total }) => total));
  const hovered = hover === null ? undefined : shown[hover];
  const sums = fromWorst.map((level) => `${level} ${shown.reduce((sum, bar) => sum + bar.counts[level], 0)}`);
  const indexAt = (event: React.MouseEvent<SVGElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    return Math.min(bars - 1, Math.max(0, Math.floor(((event.clientX - box.left) / box.width) * bars)));
  };
  const open = (index: number) => {
    const bar = shown[index];
    if (bar === undefined || bar.total === 0) return;
    const [since, until] = [bar.at, bar.at + bucketMs].map((ms) => new Date(ms).toISOString()) as [
      string,
      string,
    ];
    go(alertsWith({ status: 'all', since, until }));
  };
  return (
    <div className="histogram">
      <span className="histogram-most muted" aria-hidden="true">
        {figure(most)}
      </span>
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the queue's own filter by time does the same by keyboard. */}
      <svg
        viewBox={`0 0 ${bars} 100`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Alerts raised: ${sums.join(', ')}.`}
        onMouseMove={(event) => setHover(indexAt(event))}
        onMouseLeave={() => setHover(null)}
        onClick={(event) => open(indexAt(event))}
      >
        {hover !== null && <rect className="histogram-hover" x={hover} y={0} width={1} height={100} />}
        {shown.map((bar, i) => (
          <Stack key={bar.at} bar={bar} x={i} most={most} />
        ))}
      </svg>
      <div className="histogram-times muted" aria-hidden="true">
        {[0, 0.25, 0.5, 0.75].map((part) => {
          const bar = shown[Math.floor(part * bars)];
          return <span key={part}>{bar && timeWords(bar.at, isLong, zone)}</span>;
        })}
        <span>now</span>
      </div>
      {hovered !== undefined && hover !== null && (
        <div
          className="chart-tooltip"
          aria-hidden="true"
          style={
            hover > bars / 2
              ? { right: `${100 - (hover / bars) * 100 + 2}%` }
              : { left: `${(hover / bars) * 100 + 4}%` }
          }
        >
          <strong>
            {timeWords(hovered.at, isLong, zone)} – {timeWords(hovered.at + bucketMs, false, zone)}
          </strong>
          {fromWorst
            .filter((level) => hovered.counts[level] > 0)
            .map((level) => (
              <div key={level} className={`level-count ${level}`}>
                {figure(hovered.counts[level])} {level}
              </div>
            ))}
          {hovered.total === 0 && <div className="muted">none</div>}
        </div>
      )}
    </div>
  );
}

function Stack({ bar, x, most }: { bar: Bar; x: number; most: number }) {
  let below = 0;
  return fromWorst.map((level) => {
    const height = (bar.counts[level] / most) * 96;
    below += height;
    return (
      height > 0 && (
        <rect
          key={level}
          className={`bar ${level}`}
          x={x + 0.12}
          y={100 - below}
          width={0.76}
          height={height}
        />
      )
    );
  });
}
