import { VedetteError } from '#shared/errors.ts';
import { hostRulesJson, hostRulesSchema } from '../json/host-rules.ts';
import { operation } from '../operation.ts';
import { array, object, text } from '../schema.ts';

export const hostRules = [
  operation({
    method: 'GET',
    path: '/rules/hosts',
    permission: 'read',
    summary: 'Which bundle of rules each host runs, or why not, and what running it has come to',
    output: object({ items: array(hostRulesSchema) }),
    async handler({ deps }) {
      const said = new Map((await deps.control.hostBundles.list()).map((one) => [one.hostId, one]));
      const hosts = (await deps.control.hosts.list()).filter(({ state }) => state === 'active');
      return { items: hosts.map((host) => hostRulesJson(host, said.get(host.id))) };
    },
  }),
  operation({
    method: 'GET',
    path: '/hosts/:id/rules',
    permission: 'read',
    summary: 'Which bundle of rules one host runs, or why not',
    params: object({ id: text }),
    output: hostRulesSchema,
    async handler({ deps, params }) {
      const host = await deps.control.hosts.get(params.id);
      if (host === undefined) throw new VedetteError('api.not_found', `There is no host ${params.id}.`);
      return hostRulesJson(host, await deps.control.hostBundles.get(host.id));
    },
  }),
];
