import { eventSpecs } from '#shared/events/registry.gen.ts';
import { valueAt } from '#shared/schema/columns.ts';
import type { EventSpec } from '#shared/schema/spec.ts';
import {
  type CompiledRule,
  compileRules,
  type DetectionRule,
  fieldKey,
  fieldMapOf,
  type Item,
  logsourceFits,
  Matcher,
  type RuleSet,
  type Search,
} from '#shared/sigma/index.ts';
import { columnsOfEvent } from './case-events.ts';
import type { CaseEvent } from './case-file.ts';

/** Lines that are told, values of an item that are named, and characters of one. */
import { findingsOf } from './case-findings.ts';

const bounds = { lines: 24, values: 3, valueLength: 120 } as const;

const specs: Readonly<Record<string, EventSpec>> = eventSpecs;

/** Why events raise no alert: of each rule that is about them, the selections that did not hold, with the values there were. */
export function whyNot(given: readonly CaseEvent[], ruleSet: RuleSet, product: string): readonly string[] {
  const { rules } = ruleSet;
  const lines: string[] = [];
  // Of findings the last says most: figures grow.
  const findings = findingsOf(given, ruleSet, product).toReversed();
  const events = [...given, ...findings];
  for (const compiled of rules) {
    const { rule } = compiled;
    const matched = events.filter((event) => matches(compiled, event, product)).length;
    if (matched > 0) {
      lines.push(`${rule.title} matches ${matched} of ${events.length} events.`);
      continue;
    }
    const about = events.filter(({ type, fields }) => {
      const isOther = type === 'finding' && fields['finding.detector'] !== rule.logsource.service;
      return !isOther && logsourceFits(rule.logsource, specs[type] as EventSpec, product);
    });
    const [first] = about;
    if (first === undefined) {
      const { category = '', product: of = 'any system', service = '' } = rule.logsource;
      const isFinding = of === 'vedette' && service !== '';
      lines.push(
        isFinding
          ? `${rule.title} is about what ${service} finds, and it found nothing.`
          : `${rule.title} is about ${category}${service} on ${of}, and no event is.`,
      );
    } else lines.push(...selectionLines(rule, first, product));
  }
  return lines.slice(0, bounds.lines);
}

function selectionLines(rule: DetectionRule, event: CaseEvent, product: string): readonly string[] {
  return [...rule.searches].map(([name, search]) => {
    if (holds(rule, search, event, product)) return `${rule.title}: ${name} holds.`;
    const failed = failedItems(rule, search, event, product).map((item) => itemWords(item, event));
    return `${rule.title}: ${name} does not hold: ${failed.slice(0, bounds.values).join('; ')}.`;
  });
}

/** The items that keep a search from holding. */
function failedItems(
  rule: DetectionRule,
  search: Search,
  event: CaseEvent,
  product: string,
): readonly Item[] {
  if (holds(rule, search, event, product)) return [];
  if (search.kind === 'item') return [search.item];
  return search.of.flatMap((part) => failedItems(rule, part, event, product));
}

function holds(rule: DetectionRule, search: Search, event: CaseEvent, product: string): boolean {
  const alone = {
    ...rule,
    searches: new Map([['part', search]]),
    condition: { op: 'selection', name: 'part' } as const,
  };
  const { ruleSet } = compileRules([alone], { specs: Object.values(eventSpecs) });
  return ruleSet.rules.some((compiled) => matches(compiled, event, product));
}

function matches(compiled: CompiledRule, event: CaseEvent, product: string): boolean {
  let found = false;
  const matcher = new Matcher([compiled], Object.values(eventSpecs), () => undefined);
  matcher.match(columnsOfEvent(event), product, () => {
    found = true;
  });
  return found;
}

function itemWords({ field, modifiers, values }: Item, event: CaseEvent): string {
  const wanted = values.slice(0, bounds.values).map(({ value }) => quoted(String(value)));
  const more = values.length > bounds.values ? ` or ${values.length - bounds.values} more` : '';
  const says = `${[field ?? 'any text', ...modifiers].join('|')} ${wanted.join(' or ')}${more}`;
  if (field === null) return says;
  const name = fieldMapOf(specs[event.type] as EventSpec).get(fieldKey(field));
  if (name === undefined) return `${says}, but ${event.type} has no such field`;
  const column = columnsOfEvent(event).columns.get(name);
  const value = column === undefined ? undefined : valueAt(column, 0);
  return value === undefined
    ? `${says}, but ${name} is absent`
    : `${says}, but ${name} is ${quoted(String(value))}`;
}

function quoted(text: string): string {
  return `'${text.length > bounds.valueLength ? `${text.slice(0, bounds.valueLength)}…` : text}'`;
}
