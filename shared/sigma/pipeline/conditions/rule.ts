import type { Logsource } from '../../../schema/spec.ts';
import { type RuleLevel, ruleLevels, type Scalar, type SigmaDocument } from '../../document.ts';
import { type ComparisonName, compareScalars, comparisonNames } from '../comparison.ts';
import type { Parameters } from '../parameters.ts';
import type { RuleTest, RuleWork } from '../rule-work.ts';
import { readState } from './state.ts';

/** Conditions on a whole rule, by type. */
export const ruleConditions: Readonly<Record<string, (parameters: Parameters) => RuleTest>> = {
  logsource: readLogsource,
  contains_detection_item: (parameters) => {
    const field = parameters.text('field');
    const value = String(parameters.scalar('value'));
    return (work) =>
      work.items().some((item) => item.field === field && item.values.some((v) => String(v.value) === value));
  },
  contains_field: (parameters) => {
    const field = parameters.text('field');
    return (work) => work.items().some((item) => item.field === field);
  },
  processing_item_applied: (parameters) => {
    const id = parameters.text('processing_item_id');
    return (work) => work.wasApplied(id);
  },
  processing_state: readState,
  is_sigma_rule: () => (work) => work.detecting !== undefined,
  is_sigma_correlation_rule: () => (work) => work.document.kind === 'correlation',
  rule_attribute: readAttribute,
  tag: (parameters) => {
    const tag = parameters.text('tag').toLowerCase();
    return ({ document }) => document.tags.some((one) => one.toLowerCase() === tag);
  },
};

/** Parts not given are not asked for; an empty one asks that the rule gives none. A correlation has the logsources of the rules it refers to. */
function readLogsource(parameters: Parameters): RuleTest {
  const parts = ['category', 'product', 'service'] as const;
  const wanted = parts.flatMap((part) => {
    const text = parameters.optionalText(part)?.toLowerCase();
    return text === undefined ? [] : [[part, text] as const];
  });
  if (wanted.length === 0) parameters.fail('`logsource` asks for nothing');
  const fits = (logsource: Logsource) => wanted.every(([part, text]) => (logsource[part] ?? '') === text);
  return (work) => (work.detecting === undefined ? work.referred.some(fits) : fits(work.detecting.logsource));
}

const statuses = ['unsupported', 'deprecated', 'experimental', 'test', 'stable'];

function readAttribute(parameters: Parameters): RuleTest {
  const attribute = parameters.text('attribute');
  const wanted = parameters.scalar('value');
  const op = parameters.oneOf('op', [...comparisonNames, 'in', 'not_in'], 'eq');
  return (work) => {
    const value = attributeOf(work, attribute);
    if (value === undefined) return false;
    if (Array.isArray(value)) {
      const has = value.includes(String(wanted));
      return op === 'in' ? has : op === 'not_in' ? !has : op === 'ne';
    }
    if (op === 'in' || op === 'not_in') return false;
    return compareAttribute(attribute, op, value as Scalar, wanted);
  };
}

function compareAttribute(attribute: string, op: ComparisonName, value: Scalar, wanted: Scalar): boolean {
  const ranks = attribute === 'level' ? ruleLevels : attribute === 'status' ? statuses : undefined;
  if (ranks === undefined) {
    const both = typeof value === 'number' ? Number(wanted) : String(wanted);
    return compareScalars(op, typeof value === 'number' ? value : String(value), both);
  }
  const rank = (text: Scalar) => ranks.indexOf(String(text).toLowerCase() as RuleLevel);
  return rank(wanted) >= 0 && compareScalars(op, rank(value), rank(wanted));
}

function attributeOf(work: RuleWork, name: string): Scalar | readonly string[] | undefined {
  const { document } = work;
  const own = Object.hasOwn(attributes, name) ? attributes[name]?.(document) : undefined;
  return own === undefined ? work.attributes.get(name) : (own ?? undefined);
}

const attributes: Readonly<Record<string, (document: SigmaDocument) => Scalar | readonly string[]>> = {
  id: ({ id }) => id,
  name: ({ name }) => name,
  title: ({ title }) => title,
  level: ({ level }) => level,
  status: ({ status }) => status,
  description: ({ description }) => description,
  author: ({ author }) => author,
  tags: ({ tags }) => tags,
  references: ({ references }) => references,
  falsepositives: ({ falsePositives }) => falsePositives,
};
