import { Mark } from '../header/mark.tsx';
import { SecondFactor } from '../settings/second-factor.tsx';
import { signOut } from './use-session.ts';

/** Whoever must have a second factor and has none sets one up before anything else. */
export function FactorGate() {
  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <Mark size={40} />
        <h1>Set up a second factor</h1>
        <p>Here everybody who signs in needs one. It takes a minute, and an authenticator app.</p>
        <SecondFactor />
        <button type="button" className="button quiet" onClick={() => void signOut()}>
          Sign out
        </button>
      </div>
    </main>
  );
}
