import type { Item, ItemValue } from '../../document.ts';
import { expansionBound, splitPlaceholders } from '../../modifiers/expand.ts';
import { type Parameters, PipelineFault } from '../parameters.ts';
import { PipelineRefusal } from '../refusal.ts';
import type { RuleWork, Transform } from '../rule-work.ts';
import type { Transformation } from './transformation.ts';

/** Puts the values of the pipeline's `vars` in the place of placeholders; lists are asked for those it lacks. */
export const valuePlaceholders: Transformation = {
  type: 'value_placeholders',
  read: (parameters) =>
    filling(parameters, (name, { vars }, isRegex) =>
      vars.get(name)?.map((value) => (isRegex ? RegExp.escape(String(value)) : escapePercent(String(value)))),
    ),
};

/** Puts `*` in the place of placeholders. */
export const wildcardPlaceholders: Transformation = {
  type: 'wildcard_placeholders',
  read: (parameters) => filling(parameters, (_name, _work, isRegex) => [isRegex ? '.*' : '*']),
};

export const queryExpressionPlaceholders: Transformation = {
  type: 'query_expression_placeholders',
  read: ({ tree }) => {
    throw new PipelineFault(
      'Query expressions are for query languages; give the values in `vars` or a list.',
      tree,
      'pipeline.unsupported',
    );
  },
};

/** A value of `vars` may hold wildcards, but no further placeholders. */
function escapePercent(text: string): string {
  return text.replaceAll('%', '\\%');
}

type Fill = (name: string, work: RuleWork, isRegex: boolean) => readonly string[] | undefined;

function filling(parameters: Parameters, fill: Fill): Transform {
  const include = parameters.optionalTexts('include');
  const exclude = parameters.optionalTexts('exclude');
  if (include !== undefined && exclude !== undefined)
    parameters.fail('`include` and `exclude` exclude each other');
  const handled = (name: string) => include?.includes(name) ?? !exclude?.includes(name);
  return (work, step) =>
    work.rewriteItems(step, (item) => {
      if (!item.modifiers.includes('expand')) return undefined;
      const isRegex = item.modifiers.includes('re');
      const filled = fillItem(item, (name) => (handled(name) ? fill(name, work, isRegex) : undefined));
      return filled === undefined ? undefined : { kind: 'item', item: filled };
    });
}

function fillItem(item: Item, fill: (name: string) => readonly string[] | undefined): Item | undefined {
  let changed = false;
  const values = item.values.flatMap((one): readonly ItemValue[] => {
    const texts = typeof one.value === 'string' ? fillText(one.value, fill) : undefined;
    if (texts === undefined) return [one];
    changed = true;
    return texts.map((value) => ({ value, place: one.place }));
  });
  return changed ? { ...item, values } : undefined;
}

function fillText(
  value: string,
  fill: (name: string) => readonly string[] | undefined,
): readonly string[] | undefined {
  let all: readonly string[] = [''];
  let changed = false;
  for (const piece of splitPlaceholders(value)) {
    const values = 'text' in piece ? [escapePercent(piece.text)] : fill(piece.placeholder);
    changed ||= values !== undefined && !('text' in piece);
    const next = values ?? ['placeholder' in piece ? `%${piece.placeholder}%` : ''];
    if (all.length * next.length > expansionBound)
      throw new PipelineRefusal(`the placeholders come to more than ${expansionBound} values`);
    all = all.flatMap((text) => next.map((more) => text + more));
  }
  return changed ? all : undefined;
}
