import { limit } from '../json/page.ts';
import { riskJson, riskSchema } from '../json/risk.ts';
import { operation } from '../operation.ts';
import { array, object, oneOf } from '../schema.ts';

export const risk = [
  operation({
    method: 'GET',
    path: '/risk',
    permission: 'read',
    summary: 'How much reason there is to look at each host and user, and why; the highest first',
    query: object(
      {},
      {
        kind: oneOf(['host', 'user']),
        id: { type: 'string', maxLength: 512, description: 'Id of one host, or name of one user.' },
        limit: limit(500, 50),
      },
    ),
    output: object({ items: array(riskSchema) }),
    async handler({ deps, query }) {
      const { kind, id, limit: most = 50 } = query;
      const risks = (await deps.risks()).filter(
        (one) => (kind ?? one.kind) === one.kind && (id === undefined || one.id === id || one.name === id),
      );
      return { items: risks.slice(0, most).map(riskJson) };
    },
  }),
];
