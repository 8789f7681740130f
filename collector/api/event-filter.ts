/** Which events are meant, for every operation that takes it. */
import { allOf, type Filter } from '#shared/filter/filter.ts';
import { maxFilterLength } from '#shared/filter/parse.ts';
import { containsText } from '#shared/filter/simple.ts';
import { readFieldTest, readFilter, readTypes } from './input.ts';
import { array, instant } from './schema.ts';

export const eventFilterFields = {
  filter: {
    type: 'string',
    maxLength: maxFilterLength,
    description:
      'What must hold, as docs/searching.md describes, e.g. process.name:curl and not user.name:root.',
  },
  type: { ...array({ type: 'string', maxLength: 64 }, 'Event types; any of them.'), maxItems: 32 },
  host: { type: 'string', description: 'Host by name or id; * and ? stand for others.' },
  since: { ...instant, description: 'Event time, inclusive.' },
  until: { ...instant, description: 'Event time, inclusive.' },
  where: {
    ...array(
      { type: 'string', maxLength: 2048 },
      'field:eq:value, field:ne:value, field:contains:value or field:exists; all must hold; strings compare without regard to case.',
    ),
    maxItems: 16,
  },
  q: { type: 'string', maxLength: 512, description: 'Text in any string field.' },
} as const;

interface AskedEvents {
  readonly filter?: string;
  readonly type?: readonly string[];
  readonly host?: string;
  readonly where?: readonly string[];
  readonly q?: string;
}

/** All of it as one filter, but for the time. Throws `filter.*`, `api.invalid`, `event.unknown_type`. */
export function readEventFilter({ filter, type, host, where, q }: AskedEvents): Filter {
  return allOf(
    type && { kind: 'types', types: readTypes(type) },
    host === undefined ? undefined : { kind: 'host', pattern: host },
    ...(where ?? []).map(readFieldTest),
    q === undefined ? undefined : containsText(q),
    readFilter(filter),
  );
}
