import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { AlertJson } from '../../api/json/alert.ts';
import type { AlertStatus } from '../../store/contract.ts';
import { putAlert } from '../data/live-data.ts';
import { request } from '../data/request.ts';

export interface StatusChange {
  readonly alert: AlertJson;
  readonly status: AlertStatus;
  readonly note?: string;
}

/** Changes the status of an alert; the lists show it as soon as the collector has it. */
export function useStatusChange() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ alert, status, note }: StatusChange) =>
      request<AlertJson>('PATCH', `/alerts/${encodeURIComponent(alert.id)}`, {
        status,
        ...(note !== undefined && note !== '' && { note }),
      }),
    onSuccess(alert) {
      putAlert(queries, alert);
      void queries.invalidateQueries({ queryKey: ['alert-counts'] });
    },
  });
}
