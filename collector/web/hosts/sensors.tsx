import { visibleText } from '../text/control-characters.ts';
import { Visible } from '../text/visible.tsx';
import { isRunning, modeWords, type SensorMode } from './sensor-modes.ts';

const wordsOf = ({ mode, note }: SensorMode) => note || (modeWords[mode] ?? '');

/** How many run, and those that do not, in a line. */
export function SensorsInShort({ sensors }: { sensors: readonly SensorMode[] }) {
  if (sensors.length === 0) return <span className="muted">not said yet</span>;
  const idle = sensors.filter((sensor) => !isRunning(sensor));
  const failed = sensors.filter(({ mode }) => mode === 'failed');
  const words = sensors.map((sensor) => `${sensor.name}: ${sensor.mode}, ${wordsOf(sensor)}`).join('\n');
  return (
    <span title={visibleText(words).replaceAll('[LF]', '\n')}>
      {sensors.length - idle.length}
      <span className="muted"> of {sensors.length}</span>
      {failed.length > 0 && <span className="bad-figure"> {failed.length} failed</span>}
    </span>
  );
}

/** Each sensor with its mode and why it is so. */
export function SensorList({ sensors }: { sensors: readonly SensorMode[] }) {
  if (sensors.length === 0) return <p className="muted">The agent has not said yet what its sensors do.</p>;
  return (
    <dl className="sensor-list">
      {sensors.map((sensor) => (
        <div key={sensor.name} className={sensor.mode}>
          <dt>
            <Visible text={sensor.name} />
          </dt>
          <dd>
            <strong>{sensor.mode}</strong>{' '}
            <span className="muted">
              <Visible text={wordsOf(sensor)} />
            </span>
          </dd>
        </div>
      ))}
    </dl>
  );
}
