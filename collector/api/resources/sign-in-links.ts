import { roles } from '../../store/contract.ts';
import { toIso } from '../instants.ts';
import { callerOf, operation } from '../operation.ts';
import { record } from '../record.ts';
import { instant, object, oneOf, text } from '../schema.ts';

export const signInLinks = [
  operation({
    method: 'POST',
    path: '/sign-in-links',
    permission: 'administer',
    summary: 'Make a one-time link that signs a browser in',
    body: object(
      {},
      { name: { type: 'string', minLength: 1, maxLength: 64 }, role: { ...oneOf(roles), default: 'admin' } },
    ),
    output: object({ url: text, expiresAt: instant }),
    created: true,
    async handler(call) {
      const { deps, body, baseUrl } = call;
      const as = { name: body.name ?? callerOf(call).name, role: body.role ?? 'admin' };
      const link = await deps.auth.createSignInLink(baseUrl, as);
      await record(call, 'sign-in-link.make', 'sign-in link', as);
      return { url: link.url, expiresAt: toIso(link.expiresAt) };
    },
  }),
];
