import { VedetteError } from '#shared/errors.ts';
import { hostJson, hostSchema, hostWithRiskSchema } from '../json/host.ts';
import { riskJson } from '../json/risk.ts';
import { operation } from '../operation.ts';
import { array, object, text } from '../schema.ts';

export const hosts = [
  operation({
    method: 'GET',
    path: '/hosts',
    permission: 'read',
    summary: 'All enrolled hosts, by name',
    output: object({ items: array(hostSchema) }),
    handler: async ({ deps }) => ({ items: (await deps.control.hosts.list()).map(hostJson) }),
  }),
  operation({
    method: 'GET',
    path: '/hosts/:id',
    permission: 'read',
    summary: 'One host',
    params: object({ id: text }),
    output: hostWithRiskSchema,
    async handler({ deps, params }) {
      const host = await deps.control.hosts.get(params.id);
      if (host === undefined) throw new VedetteError('api.not_found', `There is no host ${params.id}.`);
      const risk = (await deps.risks()).find(({ kind, id }) => kind === 'host' && id === host.id);
      return { ...hostJson(host), risk: risk === undefined ? null : riskJson(risk) };
    },
  }),
];
