import { useQuery } from '@tanstack/react-query';
import { request } from '../data/request.ts';
import { Mark } from '../header/mark.tsx';
import { PasswordForm } from './password-form.tsx';
import type { Session } from './use-session.ts';

interface Ways {
  readonly password: boolean;
  readonly oidc: { readonly title: string; readonly url: string } | null;
}

type SignedOut = Session & { readonly state: 'signed-out' };

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

/** The way in: name and password, the provider of identities where there is one, or a link. */
export function SignInPage({ session }: { session: Session }) {
  return (
    <main className="sign-in">
      <div className="sign-in-card">
        <Mark size={40} />
        <h1>Sign in to Vedette</h1>
        <Reason session={session} />
        {session.state === 'signed-out' && <WaysIn session={session} />}
      </div>
    </main>
  );
}

function WaysIn({ session }: { session: SignedOut }) {
  const { data } = useQuery({
    queryKey: ['sign-in'],
    queryFn: () => request<Ways>('GET', '/sign-in'),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <>
      {data?.oidc != null && (
        <a className="button primary wide" href={data.oidc.url}>
          Sign in with {data.oidc.title}
        </a>
      )}
      {data?.password === true && (
        <>
          {data.oidc !== null && <p className="or">or</p>}
          <PasswordForm entered={session.enter} />
        </>
      )}
      <details className="link-way" open={data?.password === false && data.oidc === null}>
        <summary>With a one-time link</summary>
        <p>On the machine that runs the collector, make a link and open it:</p>
        <pre className="command">
          <code>npx vedette sign-in</code>
        </pre>
        <p className="muted">
          In an installed system the command is <code>vedette sign-in</code>. The link signs one browser in,
          once, and ends after ten minutes. Starting the collector prints one, too.
        </p>
      </details>
    </>
  );
}
