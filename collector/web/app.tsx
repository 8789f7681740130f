import { Dashboard } from './dashboard.tsx';
import { shownRules, shownTree } from './data/address.ts';
import { RulesRoot } from './rules/rules-root.tsx';
import { SignInPage } from './session/sign-in-page.tsx';
import { useSession } from './session/use-session.ts';
import { TreePage } from './tree/tree-page.tsx';

/** The dashboard for whoever is signed in, else the way in. */
export function App() {
  const session = useSession();
  const tree = shownTree();
  const rules = shownRules();
  switch (session.state) {
    case 'looking':
      return <div className="blank" role="status" aria-label="Loading" />;
    case 'signed-in':
      if (rules !== null) return <RulesRoot shown={rules} />;
      return tree === null ? <Dashboard caller={session.caller} /> : <TreePage asked={tree} />;
    default:
      return <SignInPage session={session} />;
  }
}
