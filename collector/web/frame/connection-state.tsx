import type { Connection } from '../data/feed.ts';

const words: Readonly<Record<Connection, string>> = {
  live: 'Live',
  connecting: 'Connecting',
  lost: 'Reconnecting',
};

/** Whether what is shown follows the collector. */
export function ConnectionState({ connection }: { connection: Connection }) {
  return (
    <span className={`connection ${connection}`} role="status">
      <span className="dot" aria-hidden="true" />
      <span>{words[connection]}</span>
    </span>
  );
}
