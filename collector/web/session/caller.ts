import { createContext, useContext } from 'react';
import type { Permission } from '../../auth/permissions.ts';
import type { Caller } from './use-session.ts';

export const CallerContext = createContext<Caller | null>(null);

/** Whoever is signed in; pages are shown to nobody else. */
export function useCaller(): Caller {
  const caller = useContext(CallerContext);
  if (caller === null) throw new Error('Nobody is signed in here.');
  return caller;
}

export function useMay(permission: Permission): boolean {
  return useCaller().permissions.includes(permission);
}
