import type { levels } from '../../store/contract.ts';
import { rateJson, rateSchema } from '../json/rate.ts';
import { statusJson, statusSchema } from '../json/status.ts';
import { operation } from '../operation.ts';
import { array, count, object } from '../schema.ts';

export const status = [
  operation({
    method: 'GET',
    path: '/status',
    permission: 'read',
    summary: 'How the collector is doing, with the loss ledger of every host',
    output: statusSchema,
    handler: async ({ deps }) => statusJson(await deps.status()),
  }),
  operation({
    method: 'GET',
    path: '/rates',
    permission: 'read',
    summary: 'Events stored by second and type, over the last 15 minutes, oldest first',
    output: array(rateSchema),
    handler: ({ deps }) => deps.rates().map(rateJson),
  }),
  operation({
    method: 'GET',
    path: '/alert-counts',
    permission: 'read',
    summary: 'Alerts by status, open ones by level, and those given up for age or number',
    output: object({
      byStatus: object({ open: count, acknowledged: count, closed: count }),
      openByLevel: object({
        informational: count,
        low: count,
        medium: count,
        high: count,
        critical: count,
      } satisfies Record<(typeof levels)[number], typeof count>),
      pruned: { ...count, description: 'Given up in all.' },
    }),
    async handler({ deps }) {
      const { alerts } = deps.control;
      const [byStatus, openByLevel, pruned] = await Promise.all([
        alerts.countByStatus(),
        alerts.countOpenByLevel(),
        alerts.pruned(),
      ]);
      return { byStatus, openByLevel, pruned };
    },
  }),
];
