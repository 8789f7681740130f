import { VedetteError } from '#shared/errors.ts';
import { AddressList } from '../../auth/address-list.ts';
import { callerOf, operation } from '../operation.ts';
import { array, type FromSchema, object, text } from '../schema.ts';

const maxNetworks = 200;

const settingsSchema = object({
  allowedAddresses: {
    ...array({ ...text, maxLength: 64 } as const),
    maxItems: maxNetworks,
    description:
      'Addresses and networks (CIDR) that may reach API, feed and dashboard; none: any. It does not hold for agents.',
  },
  requireSecondFactor: {
    type: 'boolean',
    description: 'Whoever signs in with a password or a link can do nothing before having a second factor.',
  },
  sessionHours: {
    type: 'integer',
    minimum: 1,
    maximum: 168,
    description: 'How long a session lasts; without use it ends after an hour.',
  },
});
export type AccessSettingsJson = FromSchema<typeof settingsSchema>;

export const accessSettings = [
  operation({
    method: 'GET',
    path: '/settings/access',
    permission: 'administer',
    summary: 'From where one may come, whether a second factor is needed, how long sessions last',
    output: settingsSchema,
    handler: ({ deps }) => deps.auth.settings(),
  }),
  operation({
    method: 'PUT',
    path: '/settings/access',
    permission: 'administer',
    summary: 'Set them; a list of addresses without the own one is refused',
    body: settingsSchema,
    output: settingsSchema,
    async handler(call) {
      const { deps, body, now, client } = call;
      const { id, name } = callerOf(call);
      const list = new AddressList(body.allowedAddresses);
      if (!call.isLocal && !list.allows(client.address ?? ''))
        throw new VedetteError('access.own_address', `${client.address ?? ''} is not on it.`);
      const detail = {
        allowedAddresses: body.allowedAddresses.join(' '),
        requireSecondFactor: body.requireSecondFactor,
        sessionHours: body.sessionHours,
        credential: id,
      };
      const entry = { at: now, actor: name, action: 'access.set', target: 'settings access', detail };
      const { allowedAddresses, requireSecondFactor, sessionHours } = body;
      await deps.auth.changeSettings({ allowedAddresses, requireSecondFactor, sessionHours }, entry);
      return await deps.auth.settings();
    },
  }),
];
