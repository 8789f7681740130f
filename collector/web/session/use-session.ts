import { useQueryClient } from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';
import type { CallerJson } from '../../api/resources/session.ts';
import { ApiProblem, explain, request, signedOut } from '../data/request.ts';

export type Caller = CallerJson;

export type Session =
  | { readonly state: 'looking' }
  | { readonly state: 'signed-in'; readonly caller: Caller }
  | { readonly state: 'signed-out'; readonly refused?: string; readonly enter: (caller: Caller) => void }
  | { readonly state: 'unreachable'; readonly retry: () => void };

/** The secret of a sign-in link, taken out of the address at once so that it is neither kept nor copied on. */
function takeSecret(): string | null {
  const secret = new URLSearchParams(location.hash.slice(1)).get('sign-in');
  if (secret !== null) history.replaceState(null, '', location.pathname + location.search);
  return secret;
}

/** Links work once; React may run an effect twice. */
let pending: Promise<Session> | undefined;

async function enter(): Promise<Session> {
  const secret = takeSecret();
  try {
    const caller =
      secret === null
        ? await request<Caller>('GET', '/session')
        : await request<Caller>('POST', '/session', { secret });
    return { state: 'signed-in', caller };
  } catch (error) {
    if (!(error instanceof ApiProblem)) return { state: 'unreachable', retry: () => {} };
    if (secret === null) return { state: 'signed-out', enter: () => {} };
    return await fallBack(explain(error).what);
  }
}

/** Somebody signed in already who opens a used link stays signed in. */
async function fallBack(refused: string): Promise<Session> {
  try {
    return { state: 'signed-in', caller: await request<Caller>('GET', '/session') };
  } catch {
    return { state: 'signed-out', refused, enter: () => {} };
  }
}

export function useSession(): Session {
  const queries = useQueryClient();
  const [session, setSession] = useState<Session>({ state: 'looking' });
  const look = useCallback(() => {
    pending ??= enter().finally(() => {
      pending = undefined;
    });
    void pending.then(setSession);
  }, []);
  useEffect(() => {
    const leave = () => {
      setSession((now) => (now.state === 'signed-in' ? { state: 'signed-out', enter: () => {} } : now));
      queries.clear();
    };
    look();
    // A link opened in a tab that has the dashboard already only changes the fragment.
    const onHash = () => location.hash.startsWith('#sign-in=') && look();
    signedOut.addEventListener('signed-out', leave);
    callerChanged.addEventListener('changed', look);
    addEventListener('hashchange', onHash);
    return () => {
      signedOut.removeEventListener('signed-out', leave);
      callerChanged.removeEventListener('changed', look);
      removeEventListener('hashchange', onHash);
    };
  }, [look, queries]);
  const enterAs = useCallback((caller: Caller) => setSession({ state: 'signed-in', caller }), []);
  if (session.state === 'unreachable') return { ...session, retry: look };
  return session.state === 'signed-out' ? { ...session, enter: enterAs } : session;
}

/** Told when what the caller is or may do has changed, so that it is asked for again. */
export const callerChanged = new EventTarget();

export async function signOut(): Promise<void> {
  await request('DELETE', '/session').catch(() => {});
  signedOut.dispatchEvent(new Event('signed-out'));
}
