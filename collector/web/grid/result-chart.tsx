import { useEffect, useMemo, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useIsDark } from '../header/theme.ts';
import { figure, shortFigure } from '../text/figures.ts';
import { Visible } from '../text/visible.tsx';
import { ianaZone, timeZone, type Zone } from '../time/zone.ts';
import type { BarChart, LineChart } from './chart-series.ts';

const height = 260;
/** Told apart by lightness too, so that colours need not be. */
const lineColours = ['--accent', '--high', '--good', '--critical', '--medium', '--low', '--info', '--bad'];
const dashes: readonly (readonly number[])[] = [[], [6, 4], [2, 3], [10, 4, 2, 4]];

export default function ResultChart({ chart }: { chart: LineChart | BarChart }) {
  return chart.kind === 'bars' ? <Bars chart={chart} /> : <Lines chart={chart} />;
}

function Bars({ chart: { bars, value, leftOut } }: { chart: BarChart }) {
  const most = Math.max(...bars.map((bar) => bar.value), Number.MIN_VALUE);
  return (
    <figure className="result-chart" aria-label={`${value} by name`}>
      <ol className="value-bars">
        {bars.map((bar) => (
          <li key={bar.id}>
            <span className="bar-name">
              <Visible text={bar.name || '–'} />
            </span>
            <span className="bar-track" aria-hidden="true">
              <span className="bar-fill" style={{ width: `${Math.max(0, (bar.value / most) * 100)}%` }} />
            </span>
            <span className="figure">{figure(bar.value)}</span>
          </li>
        ))}
      </ol>
      {leftOut > 0 && <p className="muted">{figure(leftOut)} more rows in the table</p>}
    </figure>
  );
}

function optionsFor({ lines }: LineChart, width: number, zone: Zone): uPlot.Options {
  const styles = getComputedStyle(document.documentElement);
  const colour = (name: string) => styles.getPropertyValue(name);
  const axis = { stroke: colour('--muted'), font: '11px system-ui', ticks: { show: false } };
  const grid = { stroke: colour('--line'), width: 1 };
  return {
    ...{ width, height },
    legend: { show: false },
    cursor: { y: false, drag: { x: true, y: false } },
    tzDate: (seconds: number) => uPlot.tzDate(new Date(seconds * 1000), ianaZone(zone)),
    series: [
      {},
      ...lines.map(({ name }, i) => ({
        label: name,
        stroke: colour(lineColours[i % lineColours.length] as string),
        dash: [...(dashes[i % dashes.length] as readonly number[])],
        width: 1.6,
        spanGaps: true,
      })),
    ],
    axes: [
      { ...axis, grid: { show: false } },
      { ...axis, grid, size: 52, values: (_, at) => at.map(shortFigure) },
    ],
  };
}

function Lines({ chart }: { chart: LineChart }) {
  const box = useRef<HTMLDivElement>(null);
  const zone = timeZone.use();
  const dark = useIsDark();
  const data = useMemo(
    () => [chart.seconds, ...chart.lines.map(({ values }) => values)] as uPlot.AlignedData,
    [chart],
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: `dark` decides the colours read from the style sheet.
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const plot = new uPlot(optionsFor(chart, element.clientWidth, zone), data, element);
    const resize = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }));
    resize.observe(element);
    return () => {
      resize.disconnect();
      plot.destroy();
    };
  }, [chart, data, zone, dark]);
  return (
    <figure className="result-chart">
      <figcaption className="line-names">
        {chart.lines.map(({ id, name }, i) => (
          <span key={id}>
            <svg width="22" height="8" aria-hidden="true">
              <line
                x1="0"
                x2="22"
                y1="4"
                y2="4"
                stroke={`var(${lineColours[i % lineColours.length]})`}
                strokeWidth="2"
                strokeDasharray={(dashes[i % dashes.length] ?? []).join(' ')}
              />
            </svg>
            <Visible text={name || '–'} />
          </span>
        ))}
        {chart.leftOut > 0 && <span className="muted">{figure(chart.leftOut)} more in the table</span>}
      </figcaption>
      <div ref={box} className="result-plot" role="img" aria-label={spoken(chart)} />
    </figure>
  );
}

function spoken({ seconds, lines }: LineChart): string {
  const [from, to] = [seconds[0], seconds.at(-1)].map((s) => new Date((s ?? 0) * 1000).toISOString());
  return `${lines.length} lines over time, from ${from} to ${to}.`;
}
