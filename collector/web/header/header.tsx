import type { Connection } from '../data/feed.ts';
import { type Caller, signOut } from '../session/use-session.ts';
import { timeZone } from '../time/zone.ts';
import { Mark } from './mark.tsx';
import { theme, toggleTheme } from './theme.ts';

const connectionWords: Readonly<Record<Connection, string>> = {
  live: 'Live',
  connecting: 'Connecting',
  lost: 'Reconnecting',
};

function ConnectionState({ connection }: { connection: Connection }) {
  return (
    <span className={`connection ${connection}`} role="status">
      <span className="dot" aria-hidden="true" />
      {connectionWords[connection]}
    </span>
  );
}

function ZoneToggle() {
  const zone = timeZone.use();
  const other = zone === 'utc' ? 'local' : 'utc';
  return (
    <button
      type="button"
      className="button quiet"
      onClick={() => timeZone.set(other)}
      aria-label={`Times are ${zone === 'utc' ? 'in UTC' : 'local'}; show them ${other === 'utc' ? 'in UTC' : 'local'}`}
    >
      {zone === 'utc' ? 'UTC' : 'Local'}
    </button>
  );
}

function ThemeToggle() {
  theme.use();
  return (
    <button type="button" className="button quiet icon" onClick={toggleTheme} aria-label="Light or dark">
      <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
        <circle cx="8" cy="8" r="6.2" fill="none" stroke="currentColor" strokeWidth="1.6" />
        <path d="M8 1.8a6.2 6.2 0 0 1 0 12.4z" fill="currentColor" />
      </svg>
    </button>
  );
}

export function Header({ caller, connection }: { caller: Caller; connection: Connection }) {
  return (
    <header className="header">
      <span className="brand">
        <Mark />
        Vedette
      </span>
      <nav className="sections" aria-label="Sections">
        <a href="#alerts">Alerts</a>
        <a href="#hosts">Hosts</a>
        <a href="#events">Events</a>
        <a href="/?rules=list">Rules</a>
      </nav>
      <ConnectionState connection={connection} />
      <span className="header-end">
        <ZoneToggle />
        <ThemeToggle />
        <span className="caller" title={`Signed in as ${caller.name}, role ${caller.role}`}>
          {caller.name}
        </span>
        <button type="button" className="button quiet" onClick={() => void signOut()}>
          Sign out
        </button>
      </span>
    </header>
  );
}
