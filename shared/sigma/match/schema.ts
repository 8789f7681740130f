import type { EventSpec, Logsource } from '../../schema/spec.ts';
import { fieldKey, fieldMapOf } from '../fields.ts';
import { logsourceAllows, logsourceFits, serviceFieldOf } from '../logsource.ts';

/** What a kind of events is to rules: which rules are about it, and which column a rule's field is. */
export interface EventSchema {
  /** Equal for equal schemas; what is made for one is kept by it. */
  readonly key: string;
  /** Whether a rule of this logsource is about these events. */
  fits(rule: Logsource): boolean;
  /** The list column that must hold the rule's service; undefined where `fits` says all. */
  serviceColumnOf(rule: Logsource): string | undefined;
  /** The column of a field as rules name it; undefined when no event can have it. */
  columnOf(field: string): string | undefined;
}

const declared = new WeakMap<EventSpec, Map<string, EventSchema>>();

/** Events of a declared type on hosts of one operating system, in Sigma's words. */
export function declaredSchema(spec: EventSpec, product: string): EventSchema {
  const known = declared.get(spec) ?? new Map<string, EventSchema>();
  declared.set(spec, known);
  let schema = known.get(product);
  if (schema === undefined) {
    const fields = fieldMapOf(spec);
    schema = {
      key: `${spec.name} ${product}`,
      fits: (rule) => logsourceFits(rule, spec, product),
      serviceColumnOf: (rule) => serviceFieldOf(rule, spec),
      columnOf: (field) => fields.get(fieldKey(field)),
    };
    // Product names come from hosts, so they may be made up.
    if (known.size < productBound) known.set(product, schema);
  }
  return schema;
}

const productBound = 64;

/**
 * Events of any form: every field a rule names is the column of that name, spaces removed. Without a logsource every
 * rule is about them; with one, the rules whose own agrees with it.
 */
export function openSchema(logsource: Logsource = {}): EventSchema {
  const { category, product, service } = logsource;
  return {
    key: `open ${JSON.stringify([category, product, service])}`,
    fits: (rule) => logsourceAllows(rule, logsource),
    serviceColumnOf: () => undefined,
    columnOf: fieldKey,
  };
}
