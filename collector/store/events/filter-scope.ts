/** What can be told of a filter without looking at events. */
import { eventSpecs } from '#shared/events/registry.gen.ts';
import { fieldIn } from '#shared/filter/fields.ts';
import { combine, type Filter, type Leaf, timeName, withLeaves } from '#shared/filter/filter.ts';
import { globMatches } from '#shared/glob.ts';
import type { EventSpec } from '#shared/schema/spec.ts';
import { isMeantBy, type NamedHost } from '../../fleet/host-pattern.ts';
import type { NeededText } from '../contract.ts';
import { columnsOf } from '../segments/layout.ts';
import { formOf } from './text-test.ts';
import { fitsType } from './value-types.ts';

const allTypes = Object.keys(eventSpecs);

/** Whether a leaf can hold for events of a type, where that is known. */
function leafOn(type: string, leaf: Leaf): boolean | 'maybe' {
  if (leaf.kind === 'types') return leaf.types.includes(type);
  if (leaf.kind !== 'field' || leaf.name === timeName) return 'maybe';
  const field = fieldIn(type, leaf.name);
  return field !== undefined && fitsType(leaf.test, field.type) ? 'maybe' : false;
}

/** Event types a filter can let through; undefined when it is all of them. */
export function typesOf(filter: Filter): readonly string[] | undefined {
  const types = allTypes.filter((type) => {
    const held = combine<'maybe'>(filter, {
      leaf: (leaf) => leafOn(type, leaf),
      all: () => 'maybe',
      any: () => 'maybe',
      not: () => 'maybe',
    });
    return held !== false;
  });
  return types.length === allTypes.length ? undefined : types;
}

/** Texts that events must have to pass, in columns that segments have bloom filters for. */
export function neededOf(filter: Filter): readonly NeededText[] {
  if (filter.kind === 'all') return filter.of.flatMap(neededOf);
  if (filter.kind !== 'field' || filter.name === timeName || filter.test.is !== 'like') return [];
  const form = formOf(filter.test.pattern);
  if (form.at !== 'whole') return [];
  return Object.values<EventSpec>(eventSpecs).flatMap((spec) => {
    const column = fieldIn(spec.name, filter.name)?.ecs;
    const isLookedUp = columnsOf(spec).some((one) => one.name === column && one.isLookedUp === true);
    return isLookedUp ? [{ type: spec.name, column: column as string, text: form.text }] : [];
  });
}

/** The one host that a filter can let through. */
export function hostOf(filter: Filter): string | undefined {
  if (filter.kind === 'hosts' && filter.ids.length === 1) return filter.ids[0];
  if (filter.kind !== 'all') return undefined;
  return filter.of.map(hostOf).find((id) => id !== undefined);
}

/** The filter with hosts by id where it names them. A name without wildcards may also be the id of a host we do not know. */
export function withHostIds(filter: Filter, hosts: readonly NamedHost[]): Filter {
  return withLeaves(filter, (leaf) => {
    if (leaf.kind !== 'host') return leaf;
    const { pattern } = leaf;
    const ids = hosts
      .filter((host) => isMeantBy(host, pattern) || globMatches(pattern, host.id))
      .map(({ id }) => id);
    const isName = !/[*?]/.test(pattern);
    return { kind: 'hosts', ids: ids.length === 0 && isName ? [pattern] : ids };
  });
}

/** Whether a filter names hosts otherwise than by id. */
export function namesHosts(filter: Filter): boolean {
  let found = false;
  withLeaves(filter, (leaf) => {
    found ||= leaf.kind === 'host';
    return leaf;
  });
  return found;
}
