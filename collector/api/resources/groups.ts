import { VedetteError } from '#shared/errors.ts';
import type { HostGroup } from '../../store/contract.ts';
import { toIso } from '../instants.ts';
import { type Call, callerOf, operation } from '../operation.ts';
import { array, type FromSchema, instant, object, text } from '../schema.ts';

/** Groups there may be, and hosts of one. */
const most = 1_000;
const mostHosts = 20_000;

const groupSchema = object({
  name: text,
  description: text,
  hosts: array(text, 'Ids of its hosts.'),
  changedAt: instant,
  changedBy: text,
});
export type GroupJson = FromSchema<typeof groupSchema>;

const params = object({
  name: {
    type: 'string',
    pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$',
    description: 'Letters, digits, dots, dashes and underscores; at most 64.',
  },
});

const groupJson = (group: HostGroup): GroupJson => ({ ...group, changedAt: toIso(group.changedAt) });

function entryOf(call: Call<unknown, unknown, unknown>, action: string, name: string, detail = {}) {
  const { id, name: actor } = callerOf(call);
  return { at: call.now, actor, action, target: `group ${name}`, detail: { ...detail, credential: id } };
}

export const groups = [
  operation({
    method: 'GET',
    path: '/groups',
    permission: 'read',
    summary: 'Groups of hosts, by name',
    output: object({ items: array(groupSchema) }),
    handler: async ({ deps }) => ({ items: (await deps.control.hostGroups.list()).map(groupJson) }),
  }),
  operation({
    method: 'GET',
    path: '/groups/:name',
    permission: 'read',
    summary: 'One group of hosts',
    params,
    output: groupSchema,
    async handler({ deps, params: { name } }) {
      const group = (await deps.control.hostGroups.list()).find((one) => one.name === name);
      if (group === undefined) throw new VedetteError('api.not_found', `There is no group ${name}.`);
      return groupJson(group);
    },
  }),
  operation({
    method: 'PUT',
    path: '/groups/:name',
    permission: 'administer',
    summary: 'Make a group, or say anew which hosts are in it',
    params,
    body: object(
      { hosts: { ...array({ type: 'string', maxLength: 64 }, 'Ids of hosts.'), maxItems: mostHosts } },
      { description: { type: 'string', maxLength: 512 } },
    ),
    maxBodyBytes: 1024 * 1024,
    output: groupSchema,
    async handler(call) {
      const { deps, params: asked, body, now } = call;
      const { name } = asked;
      const known = new Set((await deps.control.hosts.list()).map(({ id }) => id));
      const stray = body.hosts.find((id) => !known.has(id));
      if (stray !== undefined) throw new VedetteError('api.invalid', `There is no host ${stray}.`);
      const group = await deps.control.hostGroups.put(
        {
          ...{ name, hosts: body.hosts, description: body.description ?? '' },
          ...{ changedAt: now, changedBy: callerOf(call).name },
        },
        most,
        entryOf(call, 'group.put', name, { hosts: body.hosts.length }),
      );
      if (group === undefined) throw new VedetteError('api.conflict', `There are ${most} groups already.`);
      return groupJson(group);
    },
  }),
  operation({
    method: 'DELETE',
    path: '/groups/:name',
    permission: 'administer',
    summary: 'Forget a group; its hosts stay',
    params,
    async handler(call) {
      const { name } = call.params;
      const isGone = await call.deps.control.hostGroups.remove(name, entryOf(call, 'group.remove', name));
      if (!isGone) throw new VedetteError('api.not_found', `There is no group ${name}.`);
      return null as never;
    },
  }),
];
