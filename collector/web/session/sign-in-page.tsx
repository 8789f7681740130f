import { Mark } from '../header/mark.tsx';
import type { Session } from './use-session.ts';

function Reason({ session }: { session: Session }) {
  if (session.state === 'unreachable') {
    return (
      <div className="notice bad" role="alert">
        <strong>The collector cannot be reached.</strong> Check that it is running.
        <button type="button" className="button" onClick={session.retry}>
          Try again
        </button>
      </div>
    );
  }
  if (session.state === 'signed-out' && session.refused !== undefined) {
    return (
      <div className="notice bad" role="alert">
        <strong>{session.refused}</strong> A link works once, and for ten minutes. Make a fresh one.
      </div>
    );
  }
  return null;
}

export function SignInPage({ session }: { session: Session }) {
  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <Mark size={40} />
        <h1>Sign in to Vedette</h1>
        <Reason session={session} />
        <p>
          There is no password here. On the machine that runs the collector, make a sign-in link and open it:
        </p>
        <pre className="command">
          <code>npx vedette sign-in</code>
        </pre>
        <p className="muted">
          In an installed system the command is <code>vedette sign-in</code>. The link signs one browser in,
          once, and ends after ten minutes. Starting the collector prints one, too.
        </p>
      </div>
    </main>
  );
}
