import type { Item } from '../document.ts';

const numeric = ['lt', 'lte', 'gt', 'gte'] as const;
const timed = ['minute', 'hour', 'day', 'week', 'month', 'year'] as const;
const affixes = ['contains', 'startswith', 'endswith'] as const;

/** Modifiers that cannot stand together, and why. What one modifier cannot take of another it says itself. */
const apart: readonly (readonly [readonly string[], readonly string[], string])[] = [
  [['neq'], numeric, 'both compare'],
  [['cased'], [...numeric, ...timed, 'cidr', 'exists'], 'case is a matter of text'],
  [['cased'], ['i'], 'one heeds case, the other does not'],
  [['exists'], ['all', 'neq', 'windash', ...affixes], 'presence has no value'],
];

/** Modifiers that ask something of one named field. */
const needsField: readonly string[] = ['exists', 'fieldref', 'neq', ...numeric, ...timed];

/** Why the modifiers of an item make no sense together; undefined when they do. */
export function combinationProblem({ field, modifiers, values }: Item): string | undefined {
  const twice = modifiers.find((name, at) => modifiers.indexOf(name) !== at);
  if (twice !== undefined) return `\`${twice}\` stands twice`;
  for (const [some, others, why] of apart) {
    const one = some.find((name) => modifiers.includes(name));
    const other = others.find((name) => modifiers.includes(name));
    if (one !== undefined && other !== undefined)
      return `\`${one}\` and \`${other}\` exclude each other: ${why}`;
  }
  const fieldless = field === null ? modifiers.find((name) => needsField.includes(name)) : undefined;
  if (fieldless !== undefined) return `\`${fieldless}\` needs a field`;
  if (modifiers.includes('exists') && values.length > 1) return '`exists` takes one value';
  return undefined;
}

/** What the specification advises against though its meaning is clear. */
export function discouraged({ field, modifiers, values }: Item): readonly string[] {
  const said: string[] = [];
  if (modifiers.includes('all') && values.length === 1) said.push('`all` says nothing of a single value');
  if (values.length > 1 && values.some(({ value }) => value === null))
    said.push('`null` in a list of values reads as absent; an item of its own says so plainly');
  if (modifiers.includes('all') && modifiers.includes('neq'))
    said.push('`neq` holds when none of the values does, with or without `all`');
  const ends = affixes.filter((name) => modifiers.includes(name));
  if (ends.length > 1) said.push(`\`${ends.join('` and `')}\` together mean \`contains\``);
  else if (ends.length === 1 && values.some(({ value }) => value === ''))
    said.push(`\`${ends[0]}\` of an empty text holds for every value`);
  if (field === null && ends.length === 1 && ends[0] !== 'contains')
    said.push(`keywords are looked for anywhere; \`${ends[0]}\` says nothing of them`);
  return said;
}
