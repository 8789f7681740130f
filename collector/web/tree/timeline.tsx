import type { TreeJson } from '../../api/json/tree.ts';
import { summaryOf } from '../events/summary.ts';
import { Code, Visible } from '../text/visible.tsx';
import { Clock } from '../time/instant.tsx';
import { programOf } from './words.ts';

interface Entry {
  readonly key: string;
  readonly at: string;
  readonly pid: number | null;
  readonly process: string;
  readonly what: string;
  readonly text: string;
}

function entriesOf(tree: TreeJson): readonly Entry[] {
  const entries = tree.processes.flatMap((process): Entry[] => {
    const base = { pid: process.pid, process: process.name ?? programOf(process) };
    const ran = process.sighting === 'told' ? [] : process.programs;
    return [
      ...ran.map(({ at, commandLine, executable, eventId }) => ({
        ...base,
        key: eventId,
        at,
        what: 'runs',
        text: commandLine ?? executable ?? '',
      })),
      ...process.events.map((event) => ({
        ...base,
        key: event['event.id'],
        at: event['@timestamp'],
        what: event['event.dataset'],
        text: summaryOf(event)
          .pairs.map(([name, value]) => `${name} ${value}`)
          .join('  '),
      })),
      ...(process.endedAt === null
        ? []
        : [{ ...base, key: `${process.key} end`, at: process.endedAt, what: 'ends', text: '' }]),
    ];
  });
  return entries.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

/** Everything the tree knows in the order of time. */
export function Timeline({ tree }: { tree: TreeJson }) {
  return (
    <div className="event-scroll">
      <table className="events timeline">
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Process</th>
            <th scope="col">What</th>
            <th scope="col">Details</th>
          </tr>
        </thead>
        <tbody>
          {entriesOf(tree).map((entry) => (
            <tr key={entry.key}>
              <td>
                <Clock at={entry.at} />
              </td>
              <td>
                <span className="muted">{entry.pid ?? '?'}</span> <Visible text={entry.process} />
              </td>
              <td>{entry.what}</td>
              <td>
                <Code text={entry.text} wrap />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
