import { type Gates, usualGates } from '../../rollout/contract.ts';
import { parseStages } from '../../rollout/stages.ts';
import {
  gatesSchema,
  hostProgressJson,
  hostProgressSchema,
  number,
  rolloutJson,
  rolloutSchema,
} from '../json/rollout.ts';
import { callerOf, operation } from '../operation.ts';
import { array, count, object, text } from '../schema.ts';

const usualSchema = object({
  stages: { ...array(text), description: 'Those of a rollout that is told none; none: everyone at once.' },
  soakS: count,
  needsApproval: { type: 'boolean' },
});
const byId = object({ id: text });
const timeoutMs = 600_000;
const gateProperties = gatesSchema.properties;

const change = (verb: 'approve' | 'pause' | 'resume', summary: string) =>
  operation({
    method: 'POST',
    path: `/rules/rollouts/:id/${verb}`,
    permission: 'rules',
    summary,
    params: byId,
    timeoutMs,
    output: rolloutSchema,
    async handler(call) {
      return rolloutJson(await call.deps.rollouts[verb](call.params.id, callerOf(call).name));
    },
  });

export const rollouts = [
  operation({
    method: 'GET',
    path: '/rules/rollouts',
    permission: 'read',
    summary: 'Rollouts of bundles of rules, newest first',
    output: object({ items: array(rolloutSchema), usual: usualSchema }),
    async handler({ deps }) {
      const { stages, soakS, needsApproval } = deps.rollouts.usual;
      const items = (await deps.rollouts.list()).map(rolloutJson);
      return { items, usual: { stages: [...stages], soakS, needsApproval } };
    },
  }),
  operation({
    method: 'GET',
    path: '/rules/rollouts/:id',
    permission: 'read',
    summary: 'One rollout, and how each of its hosts stands',
    params: byId,
    output: object({ rollout: rolloutSchema, hosts: array(hostProgressSchema) }),
    async handler({ deps, params }) {
      const { rollout, hosts } = await deps.rollouts.get(params.id);
      return { rollout: rolloutJson(rollout), hosts: hosts.map(hostProgressJson) };
    },
  }),
  operation({
    method: 'POST',
    path: '/rules/rollouts',
    permission: 'rules',
    summary: 'Bring a kept bundle to hosts in stages; it goes back by itself when a gate says so',
    body: object(
      { version: { type: 'integer', minimum: 1 } },
      {
        stages: {
          ...array({ type: 'string', maxLength: 4096 }),
          description:
            'Hosts (names, patterns, ids, with + between), percentages, and `everyone` in the end.',
        },
        soakS: { type: 'integer', minimum: 0, maximum: 2_592_000 },
        gates: object({}, gateProperties),
        expectedAlertsPerHour: {
          ...number,
          description: 'Alerts of a host in an hour that a backtest found.',
        },
      },
    ),
    timeoutMs,
    output: rolloutSchema,
    created: true,
    async handler(call) {
      const { deps, body } = call;
      const { usual } = deps.rollouts;
      const texts = body.stages ?? (usual.stages.length > 0 ? usual.stages : ['everyone']);
      const plan = {
        stages: parseStages(texts),
        soakS: body.soakS ?? usual.soakS,
        gates: { ...usualGates, ...(body.gates as Partial<Gates> | undefined) },
        expectedAlertsPerHour: body.expectedAlertsPerHour ?? null,
        needsApproval: usual.needsApproval,
      };
      return rolloutJson(await deps.rollouts.start({ version: body.version, plan, by: callerOf(call).name }));
    },
  }),
  change('approve', 'Approve a rollout that somebody else started'),
  change('pause', 'Stay at the stage of now'),
  change('resume', 'Go on with a rollout that was paused or halted; its soak begins anew'),
  operation({
    method: 'POST',
    path: '/rules/rollouts/:id/rollback',
    permission: 'rules',
    summary: 'Put the hosts of a rollout back on what was in force before',
    params: byId,
    body: object({}, { reason: { type: 'string', minLength: 1, maxLength: 512 } }),
    timeoutMs,
    output: rolloutSchema,
    async handler(call) {
      const { name } = callerOf(call);
      const reason = call.body.reason ?? `${name} asked for it`;
      return rolloutJson(await call.deps.rollouts.rollBack(call.params.id, name, reason));
    },
  }),
];
