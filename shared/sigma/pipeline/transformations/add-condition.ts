import type { Logsource } from '../../../schema/spec.ts';
import type { Condition, Search } from '../../document.ts';
import { parseSearch } from '../../parse/detection.ts';
import type { MapTree, Tree } from '../../parse/tree.ts';
import { type Place, ProblemSink } from '../../problem.ts';
import { PipelineFault } from '../parameters.ts';
import type { RuleWork } from '../rule-work.ts';
import type { Transformation } from './transformation.ts';

/** Adds a selection that must hold too, or with `negated` must not. A list of maps is any of them. */
export const addCondition: Transformation = {
  type: 'add_condition',
  read: (parameters) => {
    const tree = parameters.need('conditions');
    if (tree.kind === 'scalar') parameters.fail('`conditions` is neither a map nor a list of maps', tree);
    const search = readSearch(tree);
    const wantedName = parameters.optionalText('name');
    const negated = parameters.flag('negated');
    const template = parameters.flag('template');
    return (work, step) => {
      const rule = work.detecting;
      if (rule === undefined) return;
      const filled = placed(template ? readSearch(fill(tree, rule.logsource)) : search, rule.place);
      const name = freeName(work, wantedName ?? `_cond_${rule.searches.size}`);
      const added: Condition = { op: 'selection', name };
      const before = negated ? ({ op: 'not', of: added } as const) : added;
      const rest = rule.condition.op === 'and' ? rule.condition.of : [rule.condition];
      work.noteAdded(filled, step);
      work.set({
        ...rule,
        searches: new Map([...rule.searches, [name, filled]]),
        condition: { op: 'and', of: [before, ...rest] },
      });
    };
  },
};

function readSearch(tree: Tree): Search {
  const problems = new ProblemSink('');
  const search = parseSearch(tree, problems);
  if (search !== undefined) return search;
  const [problem] = problems.errors;
  throw new PipelineFault(problem!.message, problem!);
}

/** Problems with what was added are told at the rule, whose file they are read in. */
function placed(search: Search, place: Place): Search {
  if (search.kind !== 'item') return { ...search, of: search.of.map((part) => placed(part, place)) };
  const values = search.item.values.map(({ value }) => ({ value, place }));
  return { kind: 'item', item: { ...search.item, values, place } };
}

function freeName(work: RuleWork, wanted: string): string {
  const taken = work.detecting?.searches;
  let name = wanted;
  for (let i = 2; taken?.has(name); i++) name = `${wanted}_${i}`;
  return name;
}

/** `$category`, `$product` and `$service` (also `${…}`) in values; what the rule does not give stays as it is. */

function fill(tree: Tree, logsource: Logsource): Tree {
  switch (tree.kind) {
    case 'list':
      return { ...tree, items: tree.items.map((item) => fill(item, logsource)) };
    case 'map': {
      const entries = tree.entries.map((entry) => ({ ...entry, value: fill(entry.value, logsource) }));
      return { ...tree, entries } satisfies MapTree;
    }
    case 'scalar':
      return typeof tree.value === 'string' ? { ...tree, value: fillText(tree.value, logsource) } : tree;
  }
}

function fillText(text: string, logsource: Logsource): string {
  return text.replace(
    /\$(?:(category|product|service)\b|\{(category|product|service)\})/g,
    (whole, plain, braced) => logsource[(plain ?? braced) as keyof Logsource] ?? whole,
  );
}
