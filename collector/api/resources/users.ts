import { maxUsers } from '../../auth/accounts.ts';
import { type AccountChange, roles } from '../../store/contract.ts';
import { toIso } from '../instants.ts';
import { displayName, password, userJson, userName, userSchema } from '../json/user.ts';
import { type Call, callerOf, operation } from '../operation.ts';
import { record } from '../record.ts';
import { array, instant, nullable, object, oneOf, text } from '../schema.ts';

const byId = object({ id: text });
const linkSchema = object({ url: text, expiresAt: instant });

async function linkFor(call: Call<unknown, unknown, unknown>, name: string) {
  const link = await call.deps.auth.createSignInLink(call.baseUrl, { name });
  await record(call, 'sign-in-link.make', `user ${name}`);
  return { url: link.url, expiresAt: toIso(link.expiresAt) };
}

export const users = [
  operation({
    method: 'GET',
    path: '/users',
    permission: 'administer',
    summary: `Users by name; there are ${maxUsers} at most`,
    output: object({ items: array(userSchema) }),
    handler: async ({ deps }) => ({ items: (await deps.access.accounts.list()).map(userJson) }),
  }),
  operation({
    method: 'POST',
    path: '/users',
    permission: 'administer',
    summary: 'Add a user; without a password they come in by the one-time link of the answer',
    body: object({ name: userName, role: oneOf(roles) }, { displayName, password }),
    output: object({ user: userSchema, signInLink: nullable(linkSchema) }),
    created: true,
    async handler(call) {
      const { name, role, displayName = '', password = null } = call.body;
      const user = { name, role, displayName, password };
      const account = await call.deps.access.accounts.add(user, callerOf(call));
      const signInLink = password === null ? await linkFor(call, account.name) : null;
      return { user: userJson(account), signInLink };
    },
  }),
  operation({
    method: 'GET',
    path: '/users/:id',
    permission: 'administer',
    summary: 'One user',
    params: byId,
    output: userSchema,
    handler: async ({ deps, params }) => userJson(await deps.access.accounts.get(params.id)),
  }),
  operation({
    method: 'PATCH',
    path: '/users/:id',
    permission: 'administer',
    summary: 'Change a user; another role ends their sessions, disabling everything they come in by',
    params: byId,
    body: object({}, { role: oneOf(roles), displayName, disabled: { type: 'boolean' } }),
    output: userSchema,
    async handler(call) {
      const { role, displayName, disabled } = call.body;
      const change: AccountChange = {
        ...(role !== undefined && { role }),
        ...(displayName !== undefined && { displayName }),
        ...(disabled !== undefined && { isDisabled: disabled }),
      };
      return userJson(await call.deps.access.accounts.change(call.params.id, change, callerOf(call)));
    },
  }),
  operation({
    method: 'DELETE',
    path: '/users/:id',
    permission: 'administer',
    summary: 'Remove a user with their sessions and tokens',
    params: byId,
    async handler(call) {
      await call.deps.access.accounts.remove(call.params.id, callerOf(call));
      return undefined as never;
    },
  }),
  operation({
    method: 'POST',
    path: '/users/:id/sign-in-link',
    permission: 'administer',
    summary: 'Make a one-time link that signs a browser in as this user',
    params: byId,
    output: linkSchema,
    created: true,
    async handler(call) {
      const { name } = await call.deps.access.accounts.get(call.params.id);
      return await linkFor(call, name);
    },
  }),
  operation({
    method: 'DELETE',
    path: '/users/:id/second-factor',
    permission: 'administer',
    summary: 'Take the second factor off a user who lost it, with its recovery codes',
    params: byId,
    async handler(call) {
      await call.deps.access.accounts.resetSecondFactor(call.params.id, callerOf(call));
      return undefined as never;
    },
  }),
];
