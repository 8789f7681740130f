import { useEffect, useState } from 'react';
import type { LedgerJson } from '../../../api/json/status.ts';

/** Events a second between the last two looks at the ledger; undefined before the second. */
export function useEventRate(ledger: LedgerJson | undefined): number | undefined {
  const [looks, setLooks] = useState<readonly { readonly atMs: number; readonly stored: number }[]>([]);
  useEffect(() => {
    if (ledger !== undefined)
      setLooks((was) => [...was.slice(-1), { atMs: Date.now(), stored: ledger.stored }]);
  }, [ledger]);
  const [before, last] = looks;
  if (before === undefined || last === undefined || last.atMs <= before.atMs) return undefined;
  return Math.max(0, ((last.stored - before.stored) * 1000) / (last.atMs - before.atMs));
}
