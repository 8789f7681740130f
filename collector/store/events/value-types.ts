import type { ValueTest } from '#shared/filter/filter.ts';
import type { FieldType } from '#shared/schema/spec.ts';

type Range = ValueTest & { readonly is: 'between' };

const texts: readonly FieldType[] = ['keyword', 'text', 'ip', 'hash', 'keywords'];

/** Fields whose values are texts, or lists of them. */
export function isText(type: FieldType): boolean {
  return texts.includes(type);
}

/** Whether a test can hold for fields of a type at all. */
export function fitsType(test: ValueTest, type: FieldType): boolean {
  switch (test.is) {
    case 'present':
      return true;
    case 'like':
      return isText(type) || type === 'int';
    case 'between':
      return type !== 'bool';
    case 'within':
    case 'exact':
      return isText(type);
    case 'bool':
      return type === 'bool';
  }
}

export function isBetween({ low, high }: Range, value: number): boolean {
  if (low !== null && !(low.isInclusive ? value >= low.value : value > low.value)) return false;
  return high === null || (high.isInclusive ? value <= high.value : value < high.value);
}
