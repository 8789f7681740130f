import { VedetteError } from '#shared/errors.ts';
import { fieldNamed } from '#shared/filter/fields.ts';
import type { AlertJson } from '../../api/json/alert.ts';

/** Values that are new each time: an exception by one would never hold again. */
const useless =
  /(?:^|\.)(?:id|entity_id|pid|sequence|start|end|connection_id|community_id|session_id|mtime|inode)$|^(?:type|time|event\.|host\.|@)/;
const longest = 512;

/** Names of the fields that an exception for this alert may be made of: what it is about, then what its rule looked at. */
export function proposedFields(alert: AlertJson): readonly string[] {
  const names = [
    ...Object.keys(alert.entity),
    ...alert.matches.flatMap(({ field }) => (field === undefined ? [] : [field])),
  ];
  return [...new Set(names)].filter((name) => isUsable(alert, name));
}

function isUsable({ event }: AlertJson, name: string): boolean {
  const value = event[name];
  if (useless.test(name) || fieldNamed(name) === undefined) return false;
  return ['string', 'number', 'boolean'].includes(typeof value) && String(value).length <= longest;
}

/** The filter that holds of events with the values of this alert in these fields. Throws `usage.invalid`. */
export function filterOf(alert: AlertJson, fields: readonly string[]): string {
  return fields
    .map((name) => {
      const value = alert.event[name];
      if (value === undefined || fieldNamed(name) === undefined)
        throw new VedetteError('usage.invalid', `The event of this alert has no field ${name} to search by.`);
      return `${name}:${quoted(String(value))}`;
    })
    .join(' and ');
}

/** The text as it stands in a filter, nothing in it having a meaning of its own. */
function quoted(text: string): string {
  if (!text.includes("'")) return `'${text}'`;
  return `"${text.replace(/[\\"*?]/g, (sign) => `\\${sign}`)}"`;
}
