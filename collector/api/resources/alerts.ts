import { VedetteError } from '#shared/errors.ts';
import { alertStatuses, alertVerdicts, levels } from '../../store/contract.ts';
import { readInstant } from '../input.ts';
import { alertJson, alertSchema } from '../json/alert.ts';
import { cursor, limit, pageSchema } from '../json/page.ts';
import { callerOf, operation } from '../operation.ts';
import { instant, object, oneOf, text } from '../schema.ts';

const noAlert = (id: string) => new VedetteError('api.not_found', `There is no alert ${id}.`);

export const alerts = [
  operation({
    method: 'GET',
    path: '/alerts',
    permission: 'read',
    summary: 'Alerts, newest first',
    query: object(
      {},
      {
        status: oneOf(alertStatuses),
        host: { type: 'string', description: 'Host id.' },
        rule: { type: 'string', description: 'Rule id.' },
        verdict: oneOf(alertVerdicts),
        minLevel: oneOf(levels, 'This level and those above.'),
        since: { ...instant, description: 'Raised at or after.' },
        until: { ...instant, description: 'Raised at or before.' },
        limit: limit(500, 100),
        cursor,
      },
    ),
    output: pageSchema(alertSchema),
    async handler({ deps, query }) {
      const { status, host, rule, verdict, minLevel } = query;
      const since = readInstant('since', query.since);
      const until = readInstant('until', query.until);
      const filter = {
        ...(status !== undefined && { status }),
        ...(host !== undefined && { hostId: host }),
        ...(rule !== undefined && { ruleId: rule }),
        ...(verdict !== undefined && { verdict }),
        ...(minLevel !== undefined && { minLevel }),
        ...(since !== undefined && { since }),
        ...(until !== undefined && { until }),
      };
      const page = await deps.control.alerts.list(filter, query.limit ?? 100, query.cursor);
      return { items: page.items.map(alertJson), next: page.next };
    },
  }),
  operation({
    method: 'GET',
    path: '/alerts/:id',
    permission: 'read',
    summary: 'One alert',
    params: object({ id: text }),
    output: alertSchema,
    async handler({ deps, params }) {
      const alert = await deps.control.alerts.get(params.id);
      if (alert === undefined) throw noAlert(params.id);
      return alertJson(alert);
    },
  }),
  operation({
    method: 'PATCH',
    path: '/alerts/:id',
    permission: 'triage',
    summary: 'Change the status of an alert, with a note and a verdict if wanted',
    params: object({ id: text }),
    body: object(
      { status: oneOf(alertStatuses) },
      {
        note: { type: 'string', maxLength: 4096 },
        verdict: oneOf(alertVerdicts, 'What it was found to be; it stays as it is unless told.'),
      },
    ),
    output: alertSchema,
    async handler(call) {
      const { deps, params, body, now } = call;
      const by = callerOf(call).name;
      const { status, note = null, verdict = null } = body;
      const alert = await deps.control.alerts.setStatus(params.id, status, by, note, now, verdict);
      if (alert === undefined) throw noAlert(params.id);
      await deps.bus.publish('alert', { alert, isNew: false });
      return alertJson(alert);
    },
  }),
];
