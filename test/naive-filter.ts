/** Whether one event passes a filter, in the plainest way: the third opinion beside the matcher and SQL. */
import { eventSpecs } from '#shared/events/registry.gen.ts';
import { readAddress } from '#shared/filter/address.ts';
import type { Filter, ValueTest } from '#shared/filter/filter.ts';
import type { EventRow } from '#shared/schema/columns.ts';
import { type EventSpec, fieldsOf } from '#shared/schema/spec.ts';
import { fieldMapOf } from '#shared/sigma/fields.ts';
import type { Pattern } from '#shared/sigma/pattern.ts';

const lower = (text: string) => text.replaceAll('İ', 'i').toLowerCase().replaceAll('ς', 'σ');

function likes(pattern: Pattern, value: string): boolean {
  const escaped = pattern.map((part) => {
    if (typeof part === 'string') return part.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
    return part.kind === 'any' ? '.*' : '.';
  });
  return new RegExp(`^${escaped.join('')}$`, 'su').test(lower(value));
}

const bitsOf = (groups: readonly number[], size: number) =>
  groups.map((group) => group.toString(2).padStart(size, '0')).join('');

function holds(test: ValueTest, value: string | number | boolean): boolean {
  const isNumber = typeof value === 'number';
  switch (test.is) {
    case 'present':
      return true;
    case 'bool':
      return value === test.value;
    case 'exact':
      return value === test.text;
    case 'like':
      return typeof value === 'string' || Number.isInteger(value)
        ? likes(test.pattern, String(value))
        : false;
    case 'within': {
      const { family, groups, bits } = test.network;
      const address = typeof value === 'string' ? readAddress(value) : undefined;
      if (address?.family !== family) return false;
      const size = family === 4 ? 8 : 16;
      return bitsOf(address.groups, size).slice(0, bits) === bitsOf(groups, size).slice(0, bits);
    }
    case 'between': {
      if (typeof value === 'boolean') return false;
      if (!isNumber && !/^-?[0-9]{1,15}([.][0-9]{1,9})?$/.test(value)) return false;
      const n = Number(value);
      const { low, high } = test;
      const above = low === null || n > low.value || (low.isInclusive && n === low.value);
      return above && (high === null || n < high.value || (high.isInclusive && n === high.value));
    }
  }
}

/** The hosts of the filter are named by id. */
export function passes(filter: Filter, hostId: string, event: EventRow): boolean {
  switch (filter.kind) {
    case 'all':
      return filter.of.every((part) => passes(part, hostId, event));
    case 'any':
      return filter.of.some((part) => passes(part, hostId, event));
    case 'not':
      return !passes(filter.of, hostId, event);
    case 'types':
      return filter.types.includes(event.type);
    case 'host':
      throw new Error('hosts are named by id here');
    case 'hosts':
      return filter.ids.includes(hostId);
    case 'words': {
      const texts = Object.entries(event).flatMap(([name, value]) => (name === 'type' ? [] : value));
      return texts.some((value) => typeof value === 'string' && likes(filter.pattern, value));
    }
    case 'field': {
      const spec = (eventSpecs as Readonly<Record<string, EventSpec>>)[event.type] as EventSpec;
      const fields = fieldsOf(spec);
      const name = Object.hasOwn(fields, filter.name)
        ? filter.name
        : (fieldMapOf(spec).get(filter.name) ?? filter.name);
      const value = event[name];
      const type = name === 'time' ? 'time' : fields[name]?.type;
      if (value === undefined || type === undefined) return false;
      if (filter.test.is === 'like' && (type === 'float' || type === 'time' || type === 'bool')) return false;
      if (filter.test.is === 'present') return true;
      const values = Array.isArray(value) ? value : [value as string | number | boolean];
      return values.some((one) => holds(filter.test, one));
    }
  }
}
