import { Frame } from './frame/frame.tsx';
import { CallerContext } from './session/caller.ts';
import { FactorGate } from './session/factor-gate.tsx';
import { SignInPage } from './session/sign-in-page.tsx';
import { useSession } from './session/use-session.ts';

/** The dashboard for whoever is signed in, else the way in. */
export function App() {
  const session = useSession();
  switch (session.state) {
    case 'looking':
      return <div className="blank" role="status" aria-label="Loading" />;
    case 'signed-in':
      if (session.caller.needsSecondFactor)
        return (
          <CallerContext value={session.caller}>
            <FactorGate />
          </CallerContext>
        );
      return (
        <CallerContext value={session.caller}>
          <Frame />
        </CallerContext>
      );
    default:
      return <SignInPage session={session} />;
  }
}
