import { VedetteError } from '#shared/errors.ts';
import { type HealthCheck, healthCheckNames, healthOf, worstOf } from '../../health.ts';
import type { CollectorStatus } from '../../store/contract.ts';
import type { ApiDeps } from '../deps.ts';
import { operation } from '../operation.ts';
import { array, type FromSchema, object, oneOf, text } from '../schema.ts';

const statuses = oneOf(['ok', 'degraded', 'failing'], 'degraded: look at it; failing: events wait.');
const number = { type: 'number' } as const;

/** Whoever may not read is told no more than this. */
const openSchema = object({
  status: statuses,
  checks: array(object({ name: oneOf(healthCheckNames), status: statuses })),
});
const checkSchema = object({ name: oneOf(healthCheckNames), status: statuses, value: number, detail: text });
const healthSchema = object({ status: statuses, checks: array(checkSchema) });
export type HealthJson = FromSchema<typeof healthSchema>;

/** Looked at by anybody, so not more often than this. */
const freshForMs = 1_000;
const known = new WeakMap<ApiDeps, { readonly at: number; readonly status: Promise<CollectorStatus> }>();

async function checksOf(deps: ApiDeps, now: number): Promise<readonly HealthCheck[]> {
  let one = known.get(deps);
  if (one === undefined || performance.now() - one.at > freshForMs) {
    one = { at: performance.now(), status: deps.status() };
    known.set(deps, one);
  }
  return healthOf(await one.status, now);
}

function checkOf(checks: readonly HealthCheck[], asked: string): HealthCheck {
  const check = checks.find(({ name }) => name === asked);
  if (check !== undefined) return check;
  throw new VedetteError(
    'api.not_found',
    `There is no check ${asked}; there are ${healthCheckNames.join(', ')}.`,
  );
}

const perMinute = 600;

export const health = [
  operation({
    method: 'GET',
    path: '/health',
    isTop: true,
    permission: 'open',
    summary: 'Whether the collector works, by check; 503 where it does not',
    perMinute,
    output: openSchema,
    async handler({ deps, now, setStatus }) {
      const checks = await checksOf(deps, now);
      const status = worstOf(checks);
      if (status === 'failing') setStatus(503);
      return { status, checks: checks.map(({ name, status }) => ({ name, status })) as never };
    },
  }),
  operation({
    method: 'GET',
    path: '/health/:check',
    isTop: true,
    permission: 'open',
    summary: 'One check of health; 503 where it fails',
    perMinute,
    params: object({ check: { type: 'string', maxLength: 32 } }),
    output: object({ name: oneOf(healthCheckNames), status: statuses }),
    async handler({ deps, params, now, setStatus }) {
      const check = checkOf(await checksOf(deps, now), params.check);
      if (check.status === 'failing') setStatus(503);
      return { name: check.name, status: check.status } as never;
    },
  }),
  operation({
    method: 'GET',
    path: '/health',
    permission: 'read',
    summary: 'Every check of health with what was found',
    output: healthSchema,
    async handler({ deps, now }) {
      const checks = await checksOf(deps, now);
      return { status: worstOf(checks), checks: checks as never };
    },
  }),
  operation({
    method: 'GET',
    path: '/health/:check',
    permission: 'read',
    summary: 'One check of health with what was found',
    params: object({ check: { type: 'string', maxLength: 32 } }),
    output: healthSchema,
    async handler({ deps, params, now }) {
      const check = checkOf(await checksOf(deps, now), params.check);
      return { status: check.status, checks: [check] as never };
    },
  }),
];
