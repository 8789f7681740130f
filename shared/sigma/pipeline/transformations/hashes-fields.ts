import type { Item, ItemValue, Search } from '../../document.ts';
import { PipelineRefusal } from '../refusal.ts';
import type { RuleWork, Step } from '../rule-work.ts';
import type { Transformation } from './transformation.ts';

/** Algorithms by the length of their digests in hex. */
const byLength: Readonly<Record<number, string>> = { 32: 'MD5', 40: 'SHA1', 64: 'SHA256', 128: 'SHA512' };

/**
 * Cuts `ALGORITHM=digest` values into one field per algorithm; a bare digest's algorithm is told by its length. What
 * is left of a digest after taking wildcards off is compared whole.
 */
export const hashesFields: Transformation = {
  type: 'hashes_fields',
  read: (parameters) => {
    const algorithms = parameters.texts('valid_hash_algos').map((name) => name.toUpperCase());
    const prefix = parameters.optionalText('field_prefix') ?? '';
    const bare = parameters.flag('drop_algo_prefix');
    return (work, step) =>
      work.rewriteItems(step, (item) => {
        if (item.field === null || item.values.some(({ value }) => typeof value !== 'string'))
          return undefined;
        const fields = new Map<string, ItemValue[]>();
        for (const value of item.values) {
          const [algorithm, digest] = readHash(String(value.value));
          if (!algorithms.includes(algorithm)) continue;
          const field = bare ? prefix : prefix + algorithm;
          fields.set(field, [...(fields.get(field) ?? []), { value: digest, place: value.place }]);
        }
        return splitItem(item, fields, work, step);
      });
  },
};

function splitItem(
  item: Item,
  fields: ReadonlyMap<string, readonly ItemValue[]>,
  work: RuleWork,
  step: Step,
): Search {
  if (fields.size === 0)
    throw new PipelineRefusal(`\`${item.field}\` names no hash of an algorithm that is kept`, item.place);
  work.noteFields([...fields.keys()], step);
  const kind = item.modifiers.includes('all') ? 'all' : 'any';
  const modifiers = item.modifiers.filter((name) => name === 'neq');
  const of = [...fields].map(([field, values]): Search => {
    return { kind: 'item', item: { ...item, field, modifiers, values } };
  });
  return of.length === 1 ? of[0]! : { kind, of };
}

/** Algorithm in capitals, empty when it cannot be told, and digest. */
function readHash(text: string): readonly [string, string] {
  const bare = text.replace(/^\*+|\*+$/g, '');
  const [first = '', second, more] = bare.split(bare.includes('|') ? '|' : '=');
  if (second !== undefined && more === undefined) return [first.toUpperCase(), second];
  return [byLength[first.length] ?? '', first];
}
