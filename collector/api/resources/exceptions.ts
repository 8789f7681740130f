import { readInstant } from '../input.ts';
import { exceptionJson, exceptionSchema } from '../json/exception.ts';
import { callerOf, operation } from '../operation.ts';
import { array, count, instant, object, text } from '../schema.ts';

const scope = {
  rule: { type: 'string', minLength: 1, maxLength: 256, description: 'Rule id; any rule unless told.' },
  entity: {
    type: 'string',
    pattern: '^[0-9a-f]{32}$',
    description: 'The `key` of an alert: what it is about.',
  },
  hosts: { type: 'string', minLength: 1, maxLength: 128, description: 'Host ids or names, * and ? allowed.' },
  filter: { type: 'string', maxLength: 4096, description: 'What events it is about, as in a search.' },
} as const;

interface Scope {
  readonly rule?: string;
  readonly entity?: string;
  readonly hosts?: string;
  readonly filter?: string;
}

const scopeOf = ({ rule, entity, hosts, filter }: Scope) => ({
  ...{ ruleId: rule ?? null, key: entity ?? null, hosts: hosts ?? null, filter: filter ?? '' },
});

const monthUs = 30 * 86_400_000_000;

export const exceptions = [
  operation({
    method: 'GET',
    path: '/exceptions',
    permission: 'read',
    summary:
      'Which hits raise no alert, until when and why, and how many there were; those that expire first before others',
    output: object({ items: array(exceptionSchema) }),
    handler: async ({ deps, now }) => ({
      items: (await deps.exceptions.list()).map((one) => exceptionJson(one, now)),
    }),
  }),
  operation({
    method: 'POST',
    path: '/exceptions',
    permission: 'triage',
    summary: 'Let hits raise no alert any more, until an instant; they are counted',
    body: object({ reason: { type: 'string', minLength: 1, maxLength: 512 }, expiresAt: instant }, scope),
    output: exceptionSchema,
    created: true,
    async handler(call) {
      const { deps, body, now } = call;
      const expiresAt = readInstant('expiresAt', body.expiresAt) as number;
      const order = { ...scopeOf(body), reason: body.reason, expiresAt, by: callerOf(call).name };
      const made = await deps.exceptions.add(order);
      if (!made.ok) throw made.error;
      return exceptionJson(made.value, now);
    },
  }),
  operation({
    method: 'POST',
    path: '/exceptions/preview',
    permission: 'read',
    summary: 'How many of the alerts there are an exception would have hidden; nothing is kept',
    body: object(
      {},
      { ...scope, since: { ...instant, description: 'Raised since; 30 days ago unless told.' } },
    ),
    perMinute: 60,
    output: object({
      alerts: count,
      events: count,
      truePositives: { ...count, description: 'Of the alerts those found true.' },
      lookedAt: count,
      isCut: { type: 'boolean', description: 'There were more alerts than were looked at.' },
    }),
    async handler({ deps, body, now }) {
      const since = readInstant('since', body.since) ?? now - monthUs;
      return { ...(await deps.exceptions.preview(scopeOf(body), since)) };
    },
  }),
  operation({
    method: 'DELETE',
    path: '/exceptions/:id',
    permission: 'triage',
    summary: 'Take an exception back; its hits raise alerts again',
    params: object({ id: text }),
    output: exceptionSchema,
    async handler(call) {
      const { deps, params, now } = call;
      return exceptionJson(await deps.exceptions.remove(params.id, callerOf(call).name), now);
    },
  }),
];
