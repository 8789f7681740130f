import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { AlertJson } from '../../api/json/alert.ts';
import type { AlertStatus, AlertVerdict } from '../../store/contract.ts';
import { putAlert } from '../data/live-data.ts';
import { request } from '../data/request.ts';

export interface StatusChange {
  readonly alert: AlertJson;
  readonly status: AlertStatus;
  readonly note?: string;
  readonly verdict?: AlertVerdict;
}

/** Changes the status of an alert; the lists show it as soon as the collector has it. */
export function useStatusChange() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ alert, status, note, verdict }: StatusChange) =>
      request<AlertJson>('PATCH', `/alerts/${encodeURIComponent(alert.id)}`, {
        status,
        ...(note !== undefined && note !== '' && { note }),
        ...(verdict !== undefined && { verdict }),
      }),
    onSuccess(alert) {
      putAlert(queries, alert);
      void queries.invalidateQueries({ queryKey: ['alert-counts'] });
    },
  });
}
