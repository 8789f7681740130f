import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { AlertJson } from '../../api/json/alert.ts';
import type { AlertStatus, AlertVerdict } from '../../store/contract.ts';
import { putAlert } from '../data/live-data.ts';
import { request } from '../data/request.ts';

export interface StatusChange {
  readonly ids: readonly string[];
  readonly status: AlertStatus;
  readonly note?: string;
  readonly verdict?: AlertVerdict;
}

/** As many as the API changes at once. */
const idsAtOnce = 500;

interface Changed {
  readonly items: readonly AlertJson[];
  readonly missing: readonly string[];
}

async function changeAll({ ids, status, note, verdict }: StatusChange): Promise<readonly AlertJson[]> {
  const changed: AlertJson[] = [];
  for (let from = 0; from < ids.length; from += idsAtOnce) {
    const { items } = await request<Changed>('PATCH', '/alerts', {
      ids: ids.slice(from, from + idsAtOnce),
      status,
      ...(note !== undefined && note !== '' && { note }),
      ...(verdict !== undefined && { verdict }),
    });
    changed.push(...items);
  }
  return changed;
}

/** Changes the status of alerts; the lists show it as soon as the collector has it. */
export function useStatusChange(onChanged: (ids: readonly string[]) => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: changeAll,
    onSuccess(alerts) {
      onChanged(alerts.map(({ id }) => id));
      for (const alert of alerts) putAlert(queries, alert);
      for (const queryKey of [['alert-counts'], ['similar'], ['story']])
        void queries.invalidateQueries({ queryKey });
    },
  });
}
