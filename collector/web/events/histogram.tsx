import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { EventCountsJson } from '../../api/resources/event-counts.ts';
import { useIsDark } from '../header/theme.ts';
import { colourOf } from '../overview/palette.ts';
import { figure, shortFigure } from '../text/figures.ts';
import { clockTime, dayOf, exactTime, ianaZone, timeZone, type Zone } from '../time/zone.ts';
import { stackedBars } from './stacked-bars.ts';

const height = 104;
/** Narrower selections are clicks. */
const leastSelectionPx = 6;

interface HistogramProps {
  readonly counts: EventCountsJson;
  /** Instants in milliseconds between which was dragged. */
  readonly zoom: (sinceMs: number, untilMs: number) => void;
}

const daySeconds = 86_400;

/** Days where more than one is seen and the place is midnight or the steps are days; else hours and minutes. */
function labelsOf(at: readonly number[], zone: Zone): string[] {
  const step = (at[1] ?? 0) - (at[0] ?? 0);
  return at.map((second) => {
    const clock = clockTime(new Date(second * 1000), zone);
    const isDay = step >= daySeconds || clock === '00:00:00';
    if (isDay) return dayOf(new Date(second * 1000), zone).replace(/^\w+,? /, '');
    return step % 60 === 0 ? clock.slice(0, 5) : clock;
  });
}

function optionsFor(
  types: readonly string[],
  width: number,
  zone: Zone,
  zoom: HistogramProps['zoom'],
): uPlot.Options {
  const styles = getComputedStyle(document.documentElement);
  const colour = (name: string) => styles.getPropertyValue(name);
  const axis = { stroke: colour('--muted'), font: '11px system-ui', ticks: { show: false } };
  const bars = uPlot.paths.bars?.({ size: [0.86, 40], align: 1 });
  return {
    ...{ width, height, padding: [6, 12, 0, 0] },
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: true, y: false, setScale: false } },
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), ianaZone(zone)),
    scales: { y: { range: (_, _min, max) => [0, Math.max(1, max * 1.06)] } },
    series: [
      {},
      ...types.map((type) => ({
        label: type,
        fill: colourOf(type),
        width: 0,
        ...(bars && { paths: bars }),
        points: { show: false },
      })),
    ],
    axes: [
      { ...axis, grid: { show: false }, size: 24, space: 96, values: (_, at) => labelsOf(at, zone) },
      {
        ...axis,
        grid: { stroke: colour('--line'), width: 1 },
        ...{ size: 46, space: 34 },
        values: (_, at) => at.map((value) => (Number.isInteger(value) ? shortFigure(value) : '')),
      },
    ],
    hooks: {
      setSelect: [
        (plot) => {
          const { left, width: wide } = plot.select;
          if (wide < leastSelectionPx) return;
          zoom(plot.posToVal(left, 'x') * 1000, plot.posToVal(left + wide, 'x') * 1000);
        },
      ],
    },
  };
}

/** Events over time, by type; dragging over it looks closer. */
export default function Histogram({ counts, zoom }: HistogramProps) {
  const box = useRef<HTMLDivElement>(null);
  const latest = useRef(zoom);
  latest.current = zoom;
  const zone = timeZone.use();
  const dark = useIsDark();
  // biome-ignore lint/correctness/useExhaustiveDependencies: `dark` decides the colours read from the style sheet.
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const { types, seconds, stacked } = stackedBars(counts);
    const options = optionsFor(types.toReversed(), element.clientWidth, zone, (since, until) =>
      latest.current(since, until),
    );
    const data = [seconds, ...stacked.toReversed()] as unknown as uPlot.AlignedData;
    const plot = new uPlot(options, data, element);
    const resize = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }));
    resize.observe(element);
    return () => {
      resize.disconnect();
      plot.destroy();
    };
  }, [counts, zone, dark]);
  const total = counts.items.reduce((sum, item) => sum + item.events, 0);
  const words = `${figure(total)} events from ${exactTime(counts.since, zone)} to ${exactTime(counts.until, zone)}`;
  return (
    <div className="event-histogram" ref={box} role="img" aria-label={words} title="Drag to look closer" />
  );
}
