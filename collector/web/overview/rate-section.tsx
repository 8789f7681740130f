import { useState, useSyncExternalStore } from 'react';
import { rateHistory } from '../data/rate-history.ts';
import { Empty } from '../text/failure.tsx';
import { useClock } from '../time/clock.ts';
import { colourOf } from './palette.ts';
import { RateChart } from './rate-chart.tsx';

/** Points of a second may come a moment after it is over. */
const settleSeconds = 2;

interface LegendProps {
  readonly types: readonly string[];
  readonly hidden: ReadonlySet<string>;
  readonly toggle: (type: string) => void;
}

function Legend({ types, hidden, toggle }: LegendProps) {
  return (
    <ul className="legend" aria-label="Event types in the chart">
      {types.map((type) => (
        <li key={type}>
          <button type="button" aria-pressed={!hidden.has(type)} onClick={() => toggle(type)}>
            <svg width="10" height="10" aria-hidden="true">
              <rect width="10" height="10" rx="2" fill={colourOf(type)} />
            </svg>
            {type}
          </button>
        </li>
      ))}
    </ul>
  );
}

/** Events per second over the last 15 minutes, by type. */
export function RateSection() {
  useSyncExternalStore(rateHistory.subscribe, rateHistory.version);
  const clockEnd = useClock((nowMs) => Math.floor(nowMs / 1000) - settleSeconds);
  const end = Math.max(clockEnd, (rateHistory.newest ?? 0) - settleSeconds);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const types = rateHistory.totals().map(([type]) => type);
  for (const type of types) colourOf(type);
  const toggle = (type: string) => {
    const next = new Set(hidden);
    if (!next.delete(type)) next.add(type);
    setHidden(next);
  };
  const shown = types.filter((type) => !hidden.has(type));
  return (
    <section className="panel" aria-labelledby="rate-title">
      <div className="panel-head">
        <h2 id="rate-title">Events stored per second</h2>
        <span className="muted">last 15 minutes</span>
        <Legend types={types} hidden={hidden} toggle={toggle} />
      </div>
      {types.length === 0 ? (
        <Empty title="No events in the last 15 minutes">They show here as soon as an agent sends some.</Empty>
      ) : (
        <RateChart types={shown} end={end} />
      )}
    </section>
  );
}
