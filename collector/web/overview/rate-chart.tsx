import { useEffect, useRef, useState } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useIsDark } from '../header/theme.ts';
import { shortFigure } from '../text/figures.ts';
import { clockTime, ianaZone, timeZone, type Zone } from '../time/zone.ts';
import { colourOf } from './palette.ts';
import { type RateSeries, rateSeries } from './rate-series.ts';

const height = 158;
const keyOf = (types: readonly string[]) => types.join('\n');

interface Hover {
  readonly index: number;
  readonly left: number;
}

function powersOfTen(_: uPlot, _axis: number, _min: number, max: number): number[] {
  const splits = [0];
  for (let at = 10; at <= max; at *= 10) splits.push(at);
  return splits.length > 2 ? splits : [...splits, Math.floor(max)];
}

/** Shortest window shown, in seconds. */
const shortest = 120;

/** From shortly before the first event of the window, so that a fresh collector does not show an empty quarter of an hour. */
function fromFirstEvent({ data }: uPlot, min: number, max: number): [number, number] {
  const top = data[1] ?? [];
  const first = data[0][top.findIndex((events) => (events ?? 0) > 0)] ?? min;
  return [Math.max(min, Math.min(first - 10, max - shortest)), max];
}

/**
 * Drawn from the top of the stack down, each area opaque from its line to the floor, so that what is seen of each
 * is its own share.
 */
function optionsFor(
  types: readonly string[],
  width: number,
  zone: Zone,
  onHover: (at: Hover | null) => void,
) {
  const styles = getComputedStyle(document.documentElement);
  const grid = { stroke: styles.getPropertyValue('--line'), width: 1 };
  const axis = { stroke: styles.getPropertyValue('--muted'), font: '11px system-ui', ticks: { show: false } };
  return {
    width,
    height,
    legend: { show: false },
    padding: [8, 14, 0, 0],
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
    scales: {
      x: { time: true, range: fromFirstEvent },
      // The inventory of a host at its first look would press everything else to the floor of a linear scale.
      y: { distr: 4, asinh: 10, range: (_: uPlot, _min: number, max: number) => [0, Math.max(5, max * 1.2)] },
    },
    tzDate: (seconds: number) => uPlot.tzDate(new Date(seconds * 1000), ianaZone(zone)),
    series: [
      {},
      ...types.toReversed().map((type) => ({
        label: type,
        fill: colourOf(type),
        stroke: colourOf(type),
        width: 1,
        points: { show: false },
      })),
    ],
    axes: [
      { ...axis, grid: { show: false }, space: 90, size: 26, values: clockLabels(zone) },
      {
        ...axis,
        grid,
        size: 44,
        splits: powersOfTen,
        filter: (_: uPlot, splits: number[]) => splits,
        values: (_: uPlot, at: number[]) => at.map(shortFigure),
      },
    ],
    hooks: {
      setCursor: [
        ({ cursor }: uPlot) =>
          onHover(cursor.idx == null ? null : { index: cursor.idx, left: cursor.left ?? 0 }),
      ],
    },
  } as uPlot.Options;
}

function clockLabels(zone: Zone) {
  return (_: uPlot, at: number[]) =>
    at.map((second) => clockTime(new Date(second * 1000), zone).slice(0, second % 60 === 0 ? 5 : 8));
}

const dataOf = ({ seconds, stacked }: RateSeries) => [seconds, ...stacked.toReversed()] as uPlot.AlignedData;

interface ChartProps {
  readonly types: readonly string[];
  /** The last second shown. */
  readonly end: number;
}

export function RateChart({ types, end }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const [hover, setHover] = useState<Hover | null>(null);
  const zone = timeZone.use();
  const dark = useIsDark();
  const key = keyOf(types);
  const series = rateSeries(types, end);
  const newest = useRef(series);
  newest.current = series;

  // biome-ignore lint/correctness/useExhaustiveDependencies: `dark` decides the colours read from the style sheet.
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const shown = key === '' ? [] : key.split('\n');
    const plot = new uPlot(
      optionsFor(shown, element.clientWidth, zone, setHover),
      dataOf(newest.current),
      element,
    );
    chart.current = plot;
    const resize = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }));
    resize.observe(element);
    return () => {
      resize.disconnect();
      plot.destroy();
      chart.current = null;
    };
  }, [key, zone, dark]);

  useEffect(() => {
    const { seconds, stacked } = rateSeries(key === '' ? [] : key.split('\n'), end);
    if (chart.current?.series.length === stacked.length + 1) {
      chart.current.setData(dataOf({ seconds, stacked, counts: [] }));
    }
  }, [end, key]);

  return (
    <div className="chart" ref={box} role="img" aria-label={spoken(types, series)}>
      {hover !== null && (
        <Tooltip
          types={types}
          series={series}
          hover={hover}
          zone={zone}
          width={box.current?.clientWidth ?? 0}
        />
      )}
    </div>
  );
}

function spoken(types: readonly string[], { counts }: RateSeries): string {
  const totals = types.map((type, i) => `${type} ${(counts[i] ?? []).reduce((sum, n) => sum + n, 0)}`);
  return `Events stored in the last 15 minutes: ${totals.join(', ') || 'none'}.`;
}

interface TooltipProps {
  readonly types: readonly string[];
  readonly series: RateSeries;
  readonly hover: Hover;
  readonly zone: Zone;
  readonly width: number;
}

function Tooltip({ types, series, hover, zone, width }: TooltipProps) {
  const second = series.seconds[hover.index];
  if (second === undefined) return null;
  const total = series.stacked.at(-1)?.[hover.index] ?? 0;
  const side = hover.left > width / 2 ? { right: width - hover.left - 30 } : { left: hover.left + 60 };
  return (
    <div className="chart-tooltip" style={side} aria-hidden="true">
      <strong>{clockTime(new Date(second * 1000), zone)}</strong>
      <table>
        <tbody>
          {types.map((type, i) => {
            const events = series.counts[i]?.[hover.index] ?? 0;
            return events === 0 ? null : (
              <tr key={type}>
                <td>
                  <svg width="8" height="8" aria-hidden="true">
                    <rect width="8" height="8" rx="2" fill={colourOf(type)} />
                  </svg>
                  {type}
                </td>
                <td>{shortFigure(events)}</td>
              </tr>
            );
          })}
          <tr className="total">
            <td>all</td>
            <td>{shortFigure(total)}</td>
          </tr>
        </tbody>
      </table>
    </div>
  );
}
