import { Dashboard } from './dashboard.tsx';
import { SignInPage } from './session/sign-in-page.tsx';
import { useSession } from './session/use-session.ts';

/** The dashboard for whoever is signed in, else the way in. */
export function App() {
  const session = useSession();
  switch (session.state) {
    case 'looking':
      return <div className="blank" role="status" aria-label="Loading" />;
    case 'signed-in':
      return <Dashboard caller={session.caller} />;
    default:
      return <SignInPage session={session} />;
  }
}
