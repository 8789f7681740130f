import { bundleBounds } from '../../bundle/index.ts';
import { compileItem, type ValueLists } from '../../sigma/compile/item.ts';
import type { Bool } from '../../sigma/compile/predicate.ts';
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
import { ProblemSink } from '../../sigma/problem.ts';
import { RegexTest } from '../../sigma/value-tests/regex.ts';
import {
  type PreparedCondition,
  type PreparedCorrelation,
  type PreparedDetection,
  type PreparedDocument,
  type PreparedHeader,
  type PreparedItem,
  type PreparedRegex,
  type PreparedRules,
  type PreparedSearch,
  preparedForm,
} from './form.ts';

/** A value that JSON cannot hold: `.inf` and the like. */
class NotPlain extends Error {}

/**
 * Prepared rules as bytes; the same documents and lists give the same bytes. Undefined where there are none, where they
 * would be larger than a file of a bundle may be, or hold what JSON cannot: hosts read the texts then.
 */
export function prepareRules(documents: readonly SigmaDocument[], lists: ValueLists): Uint8Array | undefined {
  if (documents.length === 0) return undefined;
  try {
    const rules: PreparedRules = {
      form: preparedForm,
      documents: documents.map((document) => preparedDocument(document, lists)),
    };
    const bytes = Buffer.from(JSON.stringify(rules));
    return bytes.length > bundleBounds.fileBytes ? undefined : bytes;
  } catch (error) {
    if (error instanceof NotPlain) return undefined;
    throw error;
  }
}

function preparedDocument(document: SigmaDocument, lists: ValueLists): PreparedDocument {
  const header = preparedHeader(document);
  switch (document.kind) {
    case 'correlation':
      return preparedCorrelation(header, document);
    case 'rule': {
      const { logsource, writtenLogsource, piped } = document;
      return {
        ...{ kind: 'rule', ...header, logsource },
        ...(writtenLogsource !== undefined && { writtenLogsource }),
        ...(piped !== undefined && { piped }),
        ...preparedDetection(document, document, lists),
      };
    }
    case 'filter': {
      const { logsource, rules, variants } = document;
      return {
        ...{ kind: 'filter', ...header, logsource },
        rules: rules === 'any' ? 'any' : rules.map(({ to }) => to),
        ...(variants !== undefined && {
          variants: [...variants].map(
            ([key, one]) => [key, preparedDetection(one, document, lists)] as const,
          ),
        }),
        ...preparedDetection(document, document, lists),
      };
    }
  }
}

function preparedHeader({ id, name, title, level, tags, file, place }: RuleHeader): PreparedHeader {
  return { id, name, title, level, tags, file, line: place.line };
}

function preparedDetection(
  { searches, condition }: Pick<DetectionRule, 'searches' | 'condition'>,
  { file }: DetectionRule | FilterRule,
  lists: ValueLists,
): PreparedDetection {
  return {
    searches: [...searches].map(([name, search]) => [name, preparedSearch(search, file, lists)] as const),
    condition: preparedCondition(condition),
  };
}

function preparedSearch(search: Search, file: string, lists: ValueLists): PreparedSearch {
  if (search.kind === 'item') return preparedItem(search.item, file, lists);
  const of = search.of.map((part) => preparedSearch(part, file, lists));
  return search.kind === 'all' ? { all: of } : { any: of };
}

function preparedItem(item: Item, file: string, lists: ValueLists): PreparedItem {
  const { field, modifiers } = item;
  const values = item.values.map(({ value }) => {
    if (typeof value === 'number' && !Number.isFinite(value)) throw new NotPlain();
    return value;
  });
  if (!modifiers.includes('re')) return { field, modifiers, values };
  const bool = compileItem(item, '', lists, new ProblemSink(file));
  const tests = new Map(regexesOf(bool).map((test) => [test.source, test]));
  return { field, modifiers, values, regexes: [...tests.values()].map(preparedRegex) };
}

function regexesOf(bool: Bool | undefined): readonly RegexTest[] {
  if (bool === undefined || bool.op === 'compare-fields') return [];
  if (bool.op === 'predicate') return bool.predicate.test instanceof RegexTest ? [bool.predicate.test] : [];
  return bool.op === 'not' ? regexesOf(bool.of) : bool.of.flatMap(regexesOf);
}

function preparedRegex({ source, facts: { shortest, required } }: RegexTest): PreparedRegex {
  return [source, shortest, required.map(({ at, texts }) => [at, texts] as const)];
}

function preparedCondition(condition: Condition): PreparedCondition {
  switch (condition.op) {
    case 'selection':
      return condition.name;
    case 'not':
      return { op: 'not', of: [preparedCondition(condition.of)] };
    case 'at-least':
      return { op: condition.least, of: condition.of.map(preparedCondition) };
    default:
      return { op: condition.op, of: condition.of.map(preparedCondition) };
  }
}

function preparedCorrelation(header: PreparedHeader, rule: CorrelationRule): PreparedCorrelation {
  const { type, groupBy, aliases, timespanUs, range, condition, fields, percentile, generate } = rule;
  return {
    ...{ kind: 'correlation', ...header, type, groupBy, timespanUs, fields, percentile, generate },
    refers: rule.refers.map(({ to }) => to),
    aliases: [...aliases].map(([alias, byRule]) => [alias, [...byRule]] as const),
    range: {
      ...{ least: String(range.least), most: String(range.most) },
      not: range.not === null ? null : String(range.not),
    },
    condition: condition?.text ?? null,
  };
}
