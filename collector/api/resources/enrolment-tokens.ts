import { toIso } from '../instants.ts';
import { operation } from '../operation.ts';
import { record } from '../record.ts';
import { array, count, instant, object, text } from '../schema.ts';

const hourS = 3600;

export const enrolmentTokens = [
  operation({
    method: 'GET',
    path: '/enrolment-tokens',
    permission: 'administer',
    summary: 'Enrolment tokens without their secrets, newest first',
    output: object({
      items: array(object({ id: text, createdAt: instant, expiresAt: instant, uses: count, maxUses: count })),
    }),
    async handler({ deps }) {
      const tokens = await deps.control.enrolment.list();
      return {
        items: tokens.map((token) => ({
          ...token,
          createdAt: toIso(token.createdAt),
          expiresAt: toIso(token.expiresAt),
        })),
      };
    },
  }),
  operation({
    method: 'POST',
    path: '/enrolment-tokens',
    permission: 'administer',
    summary: 'Make an enrolment token; it is shown this once',
    body: object(
      {},
      {
        maxUses: { type: 'integer', minimum: 1, maximum: 10_000, default: 1 },
        lifeSeconds: { type: 'integer', minimum: 60, maximum: 30 * 24 * hourS, default: hourS },
      },
    ),
    output: object({ token: text, expiresAt: instant }),
    created: true,
    async handler(call) {
      const { deps, body } = call;
      const { maxUses = 1, lifeSeconds = hourS } = body;
      const { token, expiresAt } = await deps.enrol.createToken({ maxUses, lifeMs: lifeSeconds * 1000 });
      await record(call, 'enrolment-token.make', 'enrolment token', { maxUses, lifeSeconds });
      return { token, expiresAt: toIso(expiresAt) };
    },
  }),
];
