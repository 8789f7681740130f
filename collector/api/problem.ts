/** Every failure leaves as `application/problem+json` (RFC 9457) with a code of the catalogue. */
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { type ErrorCode, VedetteError } from '#shared/errors.ts';
import { Throttled } from '../auth/throttled.ts';
import { type FromSchema, object, text } from './schema.ts';

export const problemSchema = object(
  {
    code: text,
    title: { type: 'string', description: 'What it means in general.' },
    detail: { type: 'string', description: 'What happened here.' },
    action: { type: 'string', description: 'What to do about it.' },
    status: { type: 'integer' },
    retryable: { type: 'boolean' },
  },
  { requestId: text },
);
export type Problem = FromSchema<typeof problemSchema>;

const statusByCode: Partial<Record<ErrorCode, number>> = {
  'api.unauthenticated': 401,
  'api.sign_in_refused': 401,
  'api.second_factor_needed': 401,
  'access.second_factor_required': 403,
  'oidc.unavailable': 503,
  'oidc.refused': 401,
  'oidc.not_allowed': 403,
  'access.proof_refused': 403,
  'access.address_refused': 403,
  'access.password': 400,
  'access.user_exists': 409,
  'access.last_admin': 409,
  'access.too_many': 409,
  'access.own_address': 409,
  'retention.unconfirmed': 409,
  'api.forbidden': 403,
  'api.cross_site': 403,
  'api.not_found': 404,
  'api.conflict': 409,
  'pki.rotation_unfinished': 409,
  'api.too_large': 413,
  'api.not_json': 415,
  'api.invalid': 400,
  'event.unknown_type': 400,
  'event.invalid': 400,
  'store.cursor_invalid': 400,
  'filter.syntax': 400,
  'filter.unknown_field': 400,
  'filter.value': 400,
  'filter.too_large': 400,
  'tree.no_process': 404,
  'command.invalid': 400,
  'command.unsupported': 409,
  'command.busy': 409,
  'hunt.invalid': 400,
  'hunt.unknown_name': 400,
  'hunt.refused': 400,
  'hunt.parameter': 400,
  'hunt.limit': 422,
  'hunt.cancelled': 409,
  'hunt.busy': 429,
  'hunt.failed': 503,
  'query.refused': 400,
  'query.invalid': 400,
  'query.no_host': 400,
  'query.name_taken': 409,
  'query.too_many': 409,
  'query.busy': 409,
  'rules.switch_failed': 503,
  'rules.busy': 429,
  'bundle.too_large': 413,
  'bundle.version_reused': 409,
  'bundle.older': 409,
  'rollout.plan': 400,
  'rollout.busy': 409,
  'rollout.state': 409,
  'rollout.own_approval': 403,
  'bundle.root_older': 409,
  'bundle.key_offline': 409,
  'api.too_many_requests': 429,
  'api.timeout': 503,
  'data.in_use': 503,
  'data.unreadable': 503,
  'wire.busy': 503,
};

const codeByFastify: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'api.too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'api.not_json',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'api.not_json',
  FST_ERR_CTP_INVALID_JSON_BODY: 'api.not_json',
  FST_ERR_HANDLER_TIMEOUT: 'api.timeout',
};

/** Bundles and rules that are not accepted are the sender's to mend, whatever the code. */
function statusOf(code: ErrorCode): number {
  return statusByCode[code] ?? (/^(?:bundle|rules)\./.test(code) ? 422 : 500);
}

/** The error of the catalogue that stands for whatever was thrown in a request. */
export function asVedetteError(error: unknown): VedetteError {
  if (error instanceof VedetteError) return error;
  const thrown = error as Partial<FastifyError>;
  if (thrown.validation !== undefined) return new VedetteError('api.invalid', `${thrown.message}.`);
  const code = codeByFastify[thrown.code ?? ''];
  if (code !== undefined) return new VedetteError(code, `${thrown.message}.`);
  if (thrown.statusCode === 429) return new VedetteError('api.too_many_requests', `${thrown.message}.`);
  if (thrown.statusCode !== undefined && thrown.statusCode >= 400 && thrown.statusCode < 500) {
    return new VedetteError('api.invalid', `${thrown.message}.`);
  }
  return new VedetteError('api.internal', 'The request failed inside the collector.', { cause: error });
}

export function problemOf(error: VedetteError, requestId?: string): Problem {
  return {
    code: error.code,
    title: error.entry.cause,
    detail: error.detail,
    action: error.entry.action,
    status: statusOf(error.code),
    retryable: error.entry.retryable,
    ...(requestId !== undefined && { requestId }),
  };
}

export async function sendProblem(thrown: unknown, request: FastifyRequest, reply: FastifyReply) {
  const error = asVedetteError(thrown);
  const problem = problemOf(error, request.id);
  if (problem.status >= 500) request.log.error({ err: thrown, requestId: request.id }, 'request failed');
  if (error instanceof Throttled) reply.header('retry-after', error.retryAfterS);
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
  return reply
    .code(problem.status)
    .header('cache-control', 'no-store')
    .type('application/problem+json; charset=utf-8')
    .serializer((payload: unknown) => JSON.stringify(payload))
    .send(problem);
}
