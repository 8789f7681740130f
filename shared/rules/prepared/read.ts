import { VedetteError } from '../../errors.ts';
import type {
  Condition,
  CorrelationRule,
  DetectionRule,
  FilterRule,
  Item,
  RuleHeader,
  Search,
  SigmaDocument,
} from '../../sigma/document.ts';
import type { Place } from '../../sigma/problem.ts';
import {
  type PreparedCondition,
  type PreparedCorrelation,
  type PreparedDetection,
  type PreparedDetectionRule,
  type PreparedDocument,
  type PreparedFilter,
  type PreparedHeader,
  type PreparedItem,
  type PreparedRules,
  type PreparedSearch,
  preparedForm,
} from './form.ts';

/** Where everything within a document stands: what is wrong there was told when it was prepared. */
const somewhere: Place = { line: 1, column: 1 };

/**
 * The documents that `isWanted`, and those that correlations count; undefined where the form is not known here. What
 * only people want to know (descriptions, authors, places) is not there. Throws `bundle.malformed`.
 */
export function readPrepared(
  bytes: Uint8Array,
  isWanted: (rule: Pick<DetectionRule, 'logsource'>) => boolean,
): readonly SigmaDocument[] | undefined {
  try {
    const { form, documents } = JSON.parse(new TextDecoder().decode(bytes)) as PreparedRules;
    if (form !== preparedForm) return undefined;
    const counted = new Set(documents.flatMap((one) => (one.kind === 'correlation' ? one.refers : [])));
    const isCounted = ({ id, name }: PreparedHeader) =>
      counted.has(id) || (name !== null && counted.has(name));
    return documents
      .filter((one) => one.kind !== 'rule' || isWanted(one) || isCounted(one))
      .map((one) => documentOf(one));
  } catch (error) {
    throw new VedetteError('bundle.malformed', `Its prepared rules: ${(error as Error).message}.`);
  }
}

function documentOf(prepared: PreparedDocument): SigmaDocument {
  switch (prepared.kind) {
    case 'rule':
      return ruleOf(prepared);
    case 'filter':
      return filterOf(prepared);
    case 'correlation':
      return correlationOf(prepared);
    default:
      throw new Error('a document is of no known kind');
  }
}

function headerOf({ id, name, title, level, tags, file, line }: PreparedHeader): RuleHeader {
  return {
    ...{ id, name, title, level, tags, file, place: { line, column: 1 } },
    ...{ status: null, description: '', author: null, references: [], falsePositives: [] },
    attributes: new Map(),
  };
}

function ruleOf(prepared: PreparedDetectionRule): DetectionRule {
  const { logsource, writtenLogsource, piped } = prepared;
  return {
    ...{ kind: 'rule', ...headerOf(prepared), logsource, ...detectionOf(prepared) },
    ...(writtenLogsource !== undefined && { writtenLogsource }),
    ...(piped !== undefined && { piped }),
  };
}

function filterOf(prepared: PreparedFilter): FilterRule {
  const { logsource, rules, variants } = prepared;
  return {
    ...{ kind: 'filter', ...headerOf(prepared), logsource, ...detectionOf(prepared) },
    rules: rules === 'any' ? 'any' : rules.map((to) => ({ to, place: somewhere })),
    ...(variants !== undefined && {
      variants: new Map(variants.map(([key, detection]) => [key, detectionOf(detection)])),
    }),
  };
}

function detectionOf({
  searches,
  condition,
}: PreparedDetection): Pick<DetectionRule, 'searches' | 'condition'> {
  return {
    searches: new Map(searches.map(([name, search]) => [name, searchOf(search)])),
    condition: conditionOf(condition),
  };
}

function searchOf(search: PreparedSearch): Search {
  if ('all' in search) return { kind: 'all', of: search.all.map(searchOf) };
  if ('any' in search) return { kind: 'any', of: search.any.map(searchOf) };
  return { kind: 'item', item: itemOf(search) };
}

function itemOf({ field, modifiers, values, regexes }: PreparedItem): Item {
  return {
    ...{ field, modifiers, place: somewhere },
    values: values.map((value) => ({ value, place: somewhere })),
    ...(regexes !== undefined && {
      regexFacts: new Map(
        regexes.map(([source, shortest, required]) => [
          source,
          { shortest, required: required.map(([at, texts]) => ({ at, texts })) },
        ]),
      ),
    }),
  };
}

function conditionOf(condition: PreparedCondition): Condition {
  if (typeof condition === 'string') return { op: 'selection', name: condition };
  const { op } = condition;
  const of = condition.of.map(conditionOf);
  if (op === 'not') return { op, of: of[0]! };
  return typeof op === 'number' ? { op: 'at-least', least: op, of } : { op, of };
}

function correlationOf(prepared: PreparedCorrelation): CorrelationRule {
  const { type, groupBy, aliases, timespanUs, range, condition, fields, percentile, generate } = prepared;
  return {
    ...{
      kind: 'correlation',
      ...headerOf(prepared),
      type,
      groupBy,
      timespanUs,
      fields,
      percentile,
      generate,
    },
    refers: prepared.refers.map((to) => ({ to, place: somewhere })),
    aliases: new Map(aliases.map(([alias, byRule]) => [alias, new Map(byRule)])),
    aliasPlace: somewhere,
    range: {
      ...{ least: Number(range.least), most: Number(range.most) },
      not: range.not === null ? null : Number(range.not),
    },
    condition: condition === null ? null : { text: condition, place: somewhere },
  };
}
