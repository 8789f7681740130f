import { visibleText } from '../text/control-characters.ts';
import { Visible } from '../text/visible.tsx';

/** Modes of a host's sensors, from its health event: entries like `process=kernel` or `dns=unavailable (no right)`. */
const marks: Readonly<Record<string, string>> = {
  kernel: 'every event, from the kernel',
  followed: 'every line, as it is written',
  sampled: 'looked at from time to time',
  unavailable: 'not to be had on this host',
  failed: 'should work and does not',
  stopped: 'stopped',
};

interface SensorMode {
  readonly name: string;
  readonly mode: string;
  readonly note: string;
}

function parse(entry: string): SensorMode {
  const [, name = entry, mode = '', note = ''] = /^([^=]+)=(\w+)\s*(?:\((.*)\))?/s.exec(entry) ?? [];
  return { name, mode, note };
}

export function Sensors({ entries }: { entries: unknown }) {
  if (!Array.isArray(entries) || entries.length === 0) return <span className="muted">not said yet</span>;
  return (
    <ul className="sensors">
      {entries
        .map((entry) => parse(String(entry)))
        .map(({ name, mode, note }) => (
          <li
            key={name}
            className={mode}
            title={visibleText(`${name}: ${mode}, ${note || (marks[mode] ?? '')}`)}
          >
            <Visible text={name} /> <span>{mode}</span>
          </li>
        ))}
    </ul>
  );
}
