import type { Item } from '../../document.ts';
import type { Pattern } from '../../pattern.ts';
import { PipelineRefusal } from '../refusal.ts';
import { hasStrings, patternOf } from '../value-text.ts';
import type { Transformation } from './transformation.ts';

const methods = ['ignore_case_brackets', 'ignore_case_flag', 'plain'] as const;
type Method = (typeof methods)[number];

/** Modifiers that stay; affixes are written into the expression. */
const kept: readonly string[] = ['all', 'neq'];
const writable: readonly string[] = [...kept, 'contains', 'startswith', 'endswith', 'cased'];

/** Turns strings into regular expressions over the whole value, with or without regard to case. */
export const toRegex: Transformation = {
  type: 'regex',
  read: (parameters) => {
    const method = parameters.oneOf('method', methods, 'ignore_case_brackets');
    return (work, step) =>
      work.rewriteItems(step, (item) => {
        const strings = item.values.filter(({ value }) => typeof value === 'string' && value !== '');
        if (!hasStrings(item) || strings.length === 0) return undefined;
        return { kind: 'any', of: splitItem(item, method).map((one) => ({ kind: 'item', item: one })) };
      });
  },
};

/** The item over expressions, and what of it is no text beside it. */
function splitItem(item: Item, method: Method): readonly Item[] {
  const other = item.modifiers.find((name) => !writable.includes(name));
  if (other !== undefined)
    throw new PipelineRefusal(`\`regex\` cannot be applied after \`${other}\``, item.place);
  const isText = (value: unknown) => typeof value === 'string' && value !== '';
  const rest = item.values.filter(({ value }) => !isText(value));
  if (rest.length > 0 && item.modifiers.some((name) => kept.includes(name)))
    throw new PipelineRefusal('`regex` cannot be applied to texts and other values at once', item.place);
  const values = item.values
    .filter(({ value }) => isText(value))
    .map(({ value, place }) => ({
      value: expressionOf(patternOf(item, value), item.field === null, method),
      place,
    }));
  const flags = method === 'ignore_case_flag' ? ['re', 'i'] : ['re'];
  const modifiers = [...flags, ...item.modifiers.filter((name) => kept.includes(name))];
  const expressions = { ...item, modifiers, values };
  return rest.length === 0 ? [expressions] : [expressions, { ...item, values: rest }];
}

/** Keywords are looked for anywhere, other values are the whole field. */
function expressionOf(pattern: Pattern, isKeyword: boolean, method: Method): string {
  const body = pattern
    .map((part) => {
      if (typeof part !== 'string') return part.kind === 'any' ? '[\\s\\S]*' : '[\\s\\S]';
      return [...part].map((c) => (method === 'ignore_case_brackets' ? eitherCase(c) : escaped(c))).join('');
    })
    .join('');
  return isKeyword ? body : `^${body}$`;
}

function escaped(c: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(c) ? `\\${c}` : c;
}

function eitherCase(c: string): string {
  const [low, high] = [c.toLowerCase(), c.toUpperCase()];
  return low !== high && low.length === 1 && high.length === 1 ? `[${low}${high}]` : escaped(c);
}
