import { toIso } from '../instants.ts';
import { userName } from '../json/user.ts';
import { callerOf, operation } from '../operation.ts';
import { record } from '../record.ts';
import { instant, object, text } from '../schema.ts';

export const signInLinks = [
  operation({
    method: 'POST',
    path: '/sign-in-links',
    permission: 'administer',
    summary: 'Make a one-time link that signs a browser in',
    body: object(
      {},
      { name: { ...userName, description: 'Of the user; left out, oneself or the first admin.' } },
    ),
    output: object({ url: text, expiresAt: instant }),
    created: true,
    async handler(call) {
      const { deps, body, baseUrl } = call;
      const caller = callerOf(call);
      const { accounts } = deps.access;
      const own = caller.accountId === null ? await accounts.firstAdmin() : caller;
      const { name } = body.name === undefined ? own : await accounts.byName(body.name);
      const link = await deps.auth.createSignInLink(baseUrl, { name });
      await record(call, 'sign-in-link.make', `user ${name}`);
      return { url: link.url, expiresAt: toIso(link.expiresAt) };
    },
  }),
];
