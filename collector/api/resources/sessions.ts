import { VedetteError } from '#shared/errors.ts';
import { roles } from '../../store/contract.ts';
import { toIso } from '../instants.ts';
import { callerOf, operation } from '../operation.ts';
import { record } from '../record.ts';
import { array, type FromSchema, instant, nullable, object, oneOf, text } from '../schema.ts';
import { allOrOwn, mayEnd } from './own.ts';

const sessionSchema = object({
  id: text,
  userId: text,
  userName: text,
  role: oneOf(roles),
  createdAt: instant,
  expiresAt: nullable(instant),
  lastSeenAt: instant,
  address: nullable(text),
  userAgent: nullable(text),
  isCurrent: { type: 'boolean' },
});
export type SessionJson = FromSchema<typeof sessionSchema>;

export const sessions = [
  operation({
    method: 'GET',
    path: '/sessions',
    permission: 'signed-in',
    summary: 'The own sessions, newest first; with `all` those of everybody, for administrators',
    query: object({}, { all: { type: 'boolean' } }),
    output: object({ items: array(sessionSchema) }),
    async handler(call) {
      const caller = callerOf(call);
      const found = await call.deps.auth.list('session', allOrOwn(caller, call.query.all));
      const items = found.map((one) => ({
        ...{ id: one.id, userId: one.accountId ?? '', userName: one.name, role: one.role },
        ...{ address: one.address, userAgent: one.userAgent },
        createdAt: toIso(one.createdAt),
        expiresAt: one.expiresAt === null ? null : toIso(one.expiresAt),
        lastSeenAt: toIso(one.lastSeenAt ?? one.createdAt),
        isCurrent: one.id === caller.id,
      }));
      return { items };
    },
  }),
  operation({
    method: 'DELETE',
    path: '/sessions/:id',
    permission: 'signed-in',
    summary: "End a session of one's own; an administrator any",
    params: object({ id: text }),
    async handler(call) {
      const caller = callerOf(call);
      const { id } = call.params;
      const found = await call.deps.auth.get(id);
      if (found?.kind !== 'session' || !mayEnd(caller, found))
        throw new VedetteError('api.not_found', `There is no session ${id}.`);
      await call.deps.auth.revoke(id);
      await record(call, 'session.revoke', `user ${found.name}`, { session: id });
      return undefined as never;
    },
  }),
];
