import { parse } from 'csv-parse/sync';
import { VedetteError } from '#shared/errors.ts';
import { mostAtOnce } from '../../intake/intake.ts';
import type { Alert } from '../../store/contract.ts';
import { readInstant } from '../input.ts';
import { toIso } from '../instants.ts';
import { callerOf, operation } from '../operation.ts';
import { record } from '../record.ts';
import { array, dictionary, type FromSchema, instant, nullable, object, text } from '../schema.ts';
import { factsOf, lookSchema, rowOf } from './log.ts';

const maxCsvBytes = 8 * 1024 * 1024;
const maxRecordBytes = 64 * 1024;
/** Alerts looked through for a user or an address, newest first. */
const mostLookedAt = 1_000;

const threatFields = {
  timestamp: instant,
  user_id: nullable(text),
  ip_address: nullable(text),
  action: text,
  file_name: nullable(text),
  threat_type: { type: 'string', description: 'Title of the rule.' } as const,
  severity: { type: 'string', description: 'Informational, Low, Medium, High or Critical.' } as const,
};
const threatSchema = object({ id: { type: 'string', description: 'Id of the alert.' }, ...threatFields });
type ThreatJson = FromSchema<typeof threatSchema>;
const foundSchema = object(threatFields);

function threatJson(alert: Alert): ThreatJson {
  return {
    id: alert.id,
    timestamp: toIso(alert.firstEventAt),
    ...factsOf(alert.event),
    threat_type: alert.ruleTitle,
    severity: `${alert.level.charAt(0).toUpperCase()}${alert.level.slice(1)}`,
  };
}

/** Columns of an uploaded table; others are passed over. */
const columns = ['timestamp', 'user_id', 'ip_address', 'action', 'file_name', 'database_query'] as const;

/** Rows of a table as objects without a prototype. Throws `api.invalid` with the line. */
function rowsOf(csv: Uint8Array): readonly Readonly<Record<string, string>>[] {
  try {
    return parse(Buffer.from(csv), {
      ...{ bom: true, skip_empty_lines: true, trim: true, max_record_size: maxRecordBytes },
      columns: (header: string[]) => {
        if (!header.includes('action')) throw new Error('there is no column action');
        return header.map((name) => (columns.includes(name as never) ? name : false));
      },
      to: mostAtOnce + 1,
    }) as Record<string, string>[];
  } catch (error) {
    throw new VedetteError('api.invalid', `The table cannot be read: ${(error as Error).message}.`);
  }
}

export const threats = [
  operation({
    method: 'GET',
    path: '/api/threats',
    isTop: true,
    permission: 'read',
    summary: 'Alerts as threats, newest first',
    query: object({}, { limit: { type: 'integer', minimum: 1, maximum: 500, default: 100 } as const }),
    output: array(threatSchema),
    handler: async ({ deps, query }) =>
      (await deps.control.alerts.list({}, query.limit ?? 100)).items.map(threatJson),
  }),
  operation({
    method: 'GET',
    path: '/api/threats/:id',
    isTop: true,
    permission: 'read',
    summary: 'One alert as a threat',
    params: object({ id: text }),
    output: threatSchema,
    async handler({ deps, params }) {
      const alert = await deps.control.alerts.get(params.id);
      if (alert === undefined) throw new VedetteError('api.not_found', `There is no threat ${params.id}.`);
      return threatJson(alert);
    },
  }),
  operation({
    method: 'POST',
    path: '/api/threats/search',
    isTop: true,
    permission: 'read',
    summary: 'Alerts as threats, by user, address and time',
    body: lookSchema,
    output: array(threatSchema),
    async handler({ deps, body }) {
      const { userId, ipAddress, limit = 100 } = body;
      const since = readInstant('timestamp', body.timestamp);
      const found: ThreatJson[] = [];
      let cursor: string | undefined;
      for (let seen = 0; seen < mostLookedAt && found.length < limit; ) {
        const page = await deps.control.alerts.list({ ...(since !== undefined && { since }) }, 200, cursor);
        for (const alert of page.items) {
          const threat = threatJson(alert);
          const isMeant =
            (userId === undefined || threat.user_id === userId) &&
            (ipAddress === undefined || threat.ip_address === ipAddress);
          if (isMeant && found.length < limit) found.push(threat);
        }
        seen += page.items.length;
        if (page.next === null) break;
        cursor = page.next;
      }
      return found;
    },
  }),
  operation({
    method: 'POST',
    path: '/api/threats',
    isTop: true,
    permission: 'ingest',
    summary: 'Store the log records of a table (CSV) and say what the rules find in them',
    accepts: {
      type: 'text/csv',
      maxBytes: maxCsvBytes,
      description: `A table with a line of names: ${columns.join(', ')}; at most ${mostAtOnce} records. As a form (multipart/form-data) its first file.`,
    },
    output: object({
      message: text,
      'Total no of Threats detected': { type: 'integer' },
      threats: dictionary(foundSchema, 'By id of the alert.'),
    }),
    async handler(call) {
      const { deps, upload, now } = call;
      const records = rowsOf(upload);
      if (records.length > mostAtOnce)
        throw new VedetteError('api.too_large', `There are more than ${mostAtOnce} records.`);
      const by = callerOf(call).name;
      const rows = records.map((one, at) => {
        try {
          if (!one['action']) throw new VedetteError('api.invalid', 'action is empty.');
          return rowOf(one as never, by, now);
        } catch (error) {
          throw new VedetteError('api.invalid', `Record ${at + 1}: ${(error as VedetteError).detail}`);
        }
      });
      const taken = await deps.intake.take(rows.sort((a, b) => a.time - b.time));
      await record(call, 'event.import', `${rows.length} log records`);
      const alerts = await deps.intake.alertsOf(taken);
      const found = alerts.map((alert) => {
        const { id, ...rest } = threatJson(alert);
        return [id, rest] as const;
      });
      return {
        message: found.length > 0 ? 'Threats detected' : 'No threats detected',
        'Total no of Threats detected': found.length,
        threats: Object.fromEntries(found),
      };
    },
  }),
];
