import type { Item, ItemValue, Scalar, Search } from '../../document.ts';
import type { Parameters } from '../parameters.ts';
import { PipelineRefusal } from '../refusal.ts';
import type { Transform } from '../rule-work.ts';
import type { Transformation } from './transformation.ts';

/** Modifiers that say how a value is compared; a value set anew is compared as it is. */
const kept: readonly string[] = ['all', 'neq', 'cased'];

/** Puts one value in the place of all. */
export const setValue: Transformation = {
  type: 'set_value',
  read: (parameters) => {
    const value = forced(parameters);
    return (work, step) =>
      work.rewriteItems(step, (item) => {
        const modifiers = item.modifiers.filter((name) => kept.includes(name) && name !== 'all');
        return whole({ ...item, modifiers, values: [{ value, place: item.place }] });
      });
  },
};

function forced(parameters: Parameters): Scalar {
  const value = parameters.scalar('value');
  if (parameters.find('force_type') === undefined) return value;
  const type = parameters.oneOf('force_type', ['str', 'num']);
  if (value === null) parameters.fail('`force_type` does not go with an empty value');
  if (type === 'str') return String(value);
  const number = Number(value);
  return Number.isFinite(number) ? number : parameters.fail(`\`${String(value)}\` is no number`);
}

/** Values as texts or as numbers. A number made a text and the reverse compare alike; what is no number is refused. */
export const convertType: Transformation = {
  type: 'convert_type',
  read: (parameters): Transform => {
    const toText = parameters.oneOf('target_type', ['str', 'num']) === 'str';
    return (work, step) =>
      work.rewriteItems(step, (item) => {
        const values = item.values.map((one) => (toText ? asText(one) : asNumber(one)));
        const same = values.every(({ value }, at) => value === item.values[at]!.value);
        return same ? undefined : whole({ ...item, values });
      });
  },
};

function asText({ value, place }: ItemValue): ItemValue {
  return { value: value === null ? null : String(value), place };
}

function asNumber({ value, place }: ItemValue): ItemValue {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (value === null || typeof number === 'boolean') return { value, place };
  if (typeof number === 'number' && Number.isFinite(number)) return { value: number, place };
  throw new PipelineRefusal(`\`${String(value)}\` is no number`, place);
}

function whole(item: Item): Search {
  return { kind: 'item', item };
}
