/** Retention as it stands in a form, and as the API takes it. */
import type { RetentionJson } from '../../api/resources/retention.ts';

type Retention = RetentionJson['inForce'];
type Change = { readonly [K in keyof Retention]: Retention[K] | null };

export interface RetentionFields {
  readonly days: string;
  /** `TYPE=DAYS`, one a line. */
  readonly types: string;
  readonly gib: string;
}

const gib = 1024 ** 3;

const typesText = (daysByType: Retention['daysByType']) =>
  Object.entries(daysByType)
    .map(([type, days]) => `${type}=${days}`)
    .sort()
    .join('\n');

export function fieldsOf({ days, daysByType, maxBytes }: Retention): RetentionFields {
  return { days: String(days), types: typesText(daysByType), gib: String(maxBytes / gib) };
}

const linesOf = (types: string) => types.split(/[\s,]+/).filter((line) => line !== '');
const lineForm = /^([a-z._]+)=(\d{1,5})$/;

/** A line that is not `TYPE=DAYS`. */
export const strayLine = (types: string) => linesOf(types).find((line) => !lineForm.test(line));

/** What is as configured is left to the configuration. */
export function changeOf({ days, types, gib: room }: RetentionFields, configured: Retention): Change {
  const daysByType = Object.fromEntries(
    linesOf(types).flatMap((line) => {
      const [, type, count] = lineForm.exec(line) ?? [];
      return type === undefined ? [] : [[type, Number(count)]];
    }),
  );
  const maxBytes = Math.round(Number(room) * gib);
  return {
    days: Number(days) === configured.days ? null : Number(days),
    daysByType: typesText(daysByType) === typesText(configured.daysByType) ? null : daysByType,
    maxBytes: maxBytes === configured.maxBytes ? null : maxBytes,
  };
}
