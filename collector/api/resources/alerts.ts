import { VedetteError } from '#shared/errors.ts';
import {
  type Alert,
  type AlertStatus,
  type AlertVerdict,
  alertStatuses,
  alertVerdicts,
  levels,
} from '../../store/contract.ts';
import { readInstant } from '../input.ts';
import { toIso } from '../instants.ts';
import { type AlertJson, alertJson, alertLineJson, alertSchema } from '../json/alert.ts';
import { cursor, limit, pageSchema } from '../json/page.ts';
import { type Call, callerOf, operation } from '../operation.ts';
import { array, count, instant, object, oneOf, text } from '../schema.ts';

const short = { type: 'string', minLength: 1, maxLength: 256 } as const;
const dayUs = 86_400_000_000;
const perLevel = {
  ...{ informational: count, low: count, medium: count, high: count, critical: count },
} as const satisfies Record<(typeof levels)[number], typeof count>;
/** Alerts changed at once. */
const maxChanged = 500;
const change = { status: oneOf(alertStatuses) } as const;
const found = {
  note: { type: 'string', maxLength: 4096 },
  verdict: oneOf(alertVerdicts, 'What it was found to be; it stays as it is unless told.'),
} as const;

/** Changes one alert and tells who listens; undefined when there is none of that id. */
async function changeAlert(
  call: Pick<Call<unknown, unknown, unknown>, 'deps' | 'caller' | 'now'>,
  id: string,
  { status, note, verdict }: { status: AlertStatus; note?: string; verdict?: AlertVerdict },
): Promise<Alert | undefined> {
  const { control, bus } = call.deps;
  const by = callerOf(call).name;
  const alert = await control.alerts.setStatus(id, status, by, note ?? null, call.now, verdict ?? null);
  if (alert === undefined) return undefined;
  await control.stories.refresh(alert.id);
  await bus.publish('alert', { alert, isNew: false });
  return alert;
}

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
        tag: {
          ...short,
          description: 'A tag; of a technique also those under it: attack.t1059 is also attack.t1059.004.',
        },
        story: { ...short, description: 'Id of a story.' },
        key: { ...short, description: 'The `key` of an alert: those about the same.' },
        user: { ...short, description: 'Name of a user of its event.' },
        text: {
          ...short,
          description:
            'In any text of the alert. With `user` or `text` a page may be short and yet have a `next`: the search goes on from there.',
        },
        since: { ...instant, description: 'Raised at or after.' },
        until: { ...instant, description: 'Raised at or before.' },
        limit: limit(500, 100),
        cursor,
      },
    ),
    output: pageSchema(alertSchema),
    async handler({ deps, query }) {
      const { status, host, rule, verdict, minLevel, tag, story, key, user, text } = query;
      const since = readInstant('since', query.since);
      const until = readInstant('until', query.until);
      const filter = {
        ...(status !== undefined && { status }),
        ...(host !== undefined && { hostId: host }),
        ...(rule !== undefined && { ruleId: rule }),
        ...(verdict !== undefined && { verdict }),
        ...(minLevel !== undefined && { minLevel }),
        ...(tag !== undefined && { tag }),
        ...(story !== undefined && { storyId: story }),
        ...(key !== undefined && { key }),
        ...(user !== undefined && { user }),
        ...(text !== undefined && { text }),
        ...(since !== undefined && { since }),
        ...(until !== undefined && { until }),
      };
      const page = await deps.control.alerts.list(filter, query.limit ?? 100, query.cursor);
      return { items: page.items.map(alertLineJson), next: page.next };
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
    body: object(change, found),
    output: alertSchema,
    async handler(call) {
      const alert = await changeAlert(call, call.params.id, call.body);
      if (alert === undefined) throw noAlert(call.params.id);
      return alertJson(alert);
    },
  }),
  operation({
    method: 'PATCH',
    path: '/alerts',
    permission: 'triage',
    summary: 'Change the status of many alerts, with one note and verdict for all; each as if it were alone',
    maxBodyBytes: 256 * 1024,
    body: object(
      { ids: { type: 'array', items: short, minItems: 1, maxItems: maxChanged }, ...change },
      found,
    ),
    output: object({
      items: array(alertSchema, 'Those changed, without their trees.'),
      missing: array(text, 'Ids there is no alert of.'),
    }),
    async handler(call) {
      const { ids, ...body } = call.body;
      const items: AlertJson[] = [];
      const missing: string[] = [];
      for (const id of new Set(ids)) {
        const alert = await changeAlert(call, id, body);
        if (alert === undefined) missing.push(id);
        else items.push(alertLineJson(alert));
      }
      return { items, missing };
    },
  }),
  operation({
    method: 'GET',
    path: '/alert-histogram',
    permission: 'read',
    summary: 'Alerts raised over time by level, in equal stretches; those without any are left out',
    query: object(
      {},
      {
        since: { ...instant, description: 'Raised at or after; a day ago unless told.' },
        until: { ...instant, description: 'Raised before; now unless told.' },
        buckets: { type: 'integer', minimum: 1, maximum: 500, default: 96, description: 'Stretches.' },
      },
    ),
    output: object({
      since: instant,
      until: instant,
      bucketS: { type: 'number', description: 'Seconds of one stretch.' },
      items: array(object({ at: instant, ...perLevel })),
    }),
    async handler({ deps, query, now }) {
      const until = readInstant('until', query.until) ?? now;
      const since = readInstant('since', query.since) ?? until - dayUs;
      if (since >= until) throw new VedetteError('api.invalid', 'since is not before until.');
      const bucketUs = Math.ceil((until - since) / (query.buckets ?? 96));
      const items = await deps.control.alerts.histogram(since, until, bucketUs);
      return {
        ...{ since: toIso(since), until: toIso(until), bucketS: bucketUs / 1e6 },
        items: items.map(({ at, byLevel }) => ({ at: toIso(at), ...byLevel })),
      };
    },
  }),
];
