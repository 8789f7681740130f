import type { EventSpec, Logsource } from '../schema/spec.ts';

/**
 * Services of public rules whose records an event type holds, by the service it declares. Linux rules for `sshd`,
 * `sudo` and the like are written over the same authentication log as those for `auth`.
 */
const services: Readonly<Record<string, readonly string[]>> = {
  auth: ['auth', 'sshd', 'sudo', 'su', 'login', 'pam'],
};

/**
 * Whether a rule is about this event type on a host of this product (`linux`, `windows`, `macos`). What the rule
 * gives of category, product and service must agree; an event type that declares no service has none a rule could
 * mean. Where each event names its services, those of the declaration fit, and `serviceFieldOf` narrows it down.
 */
export function logsourceFits(rule: Logsource, spec: EventSpec, product: string): boolean {
  const { category, service } = spec.logsource;
  if (rule.service !== undefined && spec.services?.names.includes(rule.service) === true)
    return logsourceFits({ ...rule, service: undefined }, spec, product);
  if (rule.category !== undefined && rule.category !== category) return false;
  if (rule.product !== undefined && rule.product !== (spec.logsource.product ?? product)) return false;
  if (rule.service === undefined) return true;
  return service !== undefined && (services[service] ?? [service]).includes(rule.service);
}

/** The list field of an event that must hold the rule's service; undefined where the type alone decides. */
export function serviceFieldOf(rule: Logsource, spec: EventSpec): string | undefined {
  return rule.service === undefined ? undefined : spec.services?.field;
}

/** Whether a rule may be about events of this logsource: what both give agrees, and the rule gives nothing it lacks. */
export function logsourceAllows(rule: Logsource, events: Logsource): boolean {
  const { category, product, service } = events;
  if (category === undefined && product === undefined && service === undefined) return true;
  if (rule.category !== undefined && rule.category !== category) return false;
  if (rule.product !== undefined && rule.product !== product) return false;
  return rule.service === undefined || rule.service === service;
}

/** Whether each part the wider logsource gives is the other's. */
export function fallsUnder(logsource: Logsource, wider: Logsource): boolean {
  return (['category', 'product', 'service'] as const).every(
    (part) => wider[part] === undefined || wider[part] === logsource[part],
  );
}

/** One text for equal logsources. */
export function logsourceKey({ category, product, service }: Logsource): string {
  return JSON.stringify([category, product, service]);
}
