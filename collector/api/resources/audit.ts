import { readInstant } from '../input.ts';
import { toIso } from '../instants.ts';
import { cursor, limit, pageSchema } from '../json/page.ts';
import { operation } from '../operation.ts';
import { count, type FromSchema, instant, nullable, object, text } from '../schema.ts';

const entrySchema = object({
  number: count,
  at: instant,
  actor: text,
  action: text,
  target: text,
  detail: { type: 'object', additionalProperties: true, description: 'Short values by name.' },
  hash: { type: 'string', description: 'SHA-256 over the hash before and this entry.' },
});
export type AuditEntryJson = FromSchema<typeof entrySchema>;

const verdictSchema = object({
  entries: { ...count, description: 'Entries, from the first, that are as they were written.' },
  head: { type: 'string', description: 'Hash of the last of them.' },
  broken: nullable(object({ number: count, reason: text })),
});
export type AuditVerdictJson = FromSchema<typeof verdictSchema>;

const name = { type: 'string', minLength: 1, maxLength: 256 } as const;

export const audit = [
  operation({
    method: 'GET',
    path: '/audit',
    permission: 'administer',
    summary: 'The audit log: who did what to what, newest first',
    query: object(
      {},
      {
        actor: name,
        action: name,
        target: name,
        since: { ...instant, description: 'Done at or after.' },
        until: { ...instant, description: 'Done at or before.' },
        limit: limit(500, 100),
        cursor,
      },
    ),
    output: pageSchema(entrySchema),
    async handler({ deps, query }) {
      const { actor, action, target } = query;
      const since = readInstant('since', query.since);
      const until = readInstant('until', query.until);
      const filter = {
        ...(actor !== undefined && { actor }),
        ...(action !== undefined && { action }),
        ...(target !== undefined && { target }),
        ...(since !== undefined && { since }),
        ...(until !== undefined && { until }),
      };
      const page = await deps.control.audit.list(filter, query.limit ?? 100, query.cursor);
      return { items: page.items.map((entry) => ({ ...entry, at: toIso(entry.at) })), next: page.next };
    },
  }),
  operation({
    method: 'GET',
    path: '/audit/verification',
    permission: 'administer',
    summary: 'Whether the audit log is as it was written; names the first entry that is not',
    perMinute: 30,
    output: verdictSchema,
    handler: ({ deps }) => deps.control.audit.verify(),
  }),
];
