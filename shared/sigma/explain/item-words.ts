import type { Item, ItemValue } from '../document.ts';

/** Values of one item that are said; the others are counted. */
export const saidValues = 12;
/** Characters of a value that are said. */
const valueLength = 120;

/** How a modifier is said, and how when the item is `neq`. */
const verbs: Readonly<Record<string, readonly [string, string]>> = {
  contains: ['contains', 'does not contain'],
  startswith: ['starts with', 'does not start with'],
  endswith: ['ends with', 'does not end with'],
  re: ['matches the expression', 'does not match the expression'],
  cidr: ['is an address in', 'is not an address in'],
  lt: ['is less than', 'is not less than'],
  lte: ['is at most', 'is more than'],
  gt: ['is more than', 'is at most'],
  gte: ['is at least', 'is less than'],
};
const timeParts: readonly string[] = ['minute', 'hour', 'day', 'week', 'month', 'year'];

/** What else is said of a modifier, after the values. */
const notes: Readonly<Record<string, string>> = {
  cased: 'heeding case',
  windash: 'with any dash',
  i: 'in either case',
  m: 'with ^ and $ at every line',
  s: 'with . for line ends too',
  base64: 'in Base64',
  base64offset: 'anywhere within Base64',
  utf16: 'as UTF-16 with a byte order mark',
  utf16le: 'as UTF-16',
  utf16be: 'as big-endian UTF-16',
  wide: 'as UTF-16',
  expand: 'with placeholders filled in',
};

/** One item in words, e.g. `CommandLine contains 'x' or 'y'`. */
export function itemWords(item: Item): string {
  const { field, modifiers, values } = item;
  const subject = subjectOf(field, modifiers);
  if (modifiers.includes('exists'))
    return `${subject} is ${String(values[0]?.value).toLowerCase() === 'true' ? 'present' : 'absent'}`;
  const isNot = modifiers.includes('neq');
  const joint = modifiers.includes('all') && !isNot ? 'and' : 'or';
  const special = specialWords(item, subject, isNot, joint);
  if (special !== undefined) return special;
  const verb = verbOf(item)[isNot ? 1 : 0];
  const note = modifiers.flatMap((name) => notes[name] ?? []).join(', ');
  return `${subject} ${verb} ${listed(values.map(valueWords), joint)}${note === '' ? '' : ` (${note})`}`;
}

function subjectOf(field: string | null, modifiers: readonly string[]): string {
  const part = modifiers.find((name) => timeParts.includes(name));
  const subject = field ?? 'any text';
  return part === undefined ? subject : `the ${part} of ${subject}`;
}

function verbOf({ field, modifiers, values }: Item): readonly [string, string] {
  const reference = modifiers.includes('fieldref') ? ' the field' : '';
  const known = modifiers.map((name) => verbs[name]).find((verb) => verb !== undefined);
  if (known !== undefined) return [`${known[0]}${reference}`, `${known[1]}${reference}`];
  if (reference !== '') return ['equals the field', 'differs from the field'];
  if (field === null) return ['contains', 'does not contain'];
  const isLike = values.some(({ value }) => typeof value === 'string' && /(?<!\\)(?:\\\\)*[*?]/.test(value));
  return isLike ? ['is like', 'is not like'] : ['is', 'is not'];
}

/** Absence and emptiness have words of their own. */
function specialWords(item: Item, subject: string, isNot: boolean, joint: string): string | undefined {
  const isPlain = item.modifiers.every((name) => name === 'all' || name === 'neq' || name === 'cased');
  const wordOf = ({ value }: ItemValue) => (value === null ? 'absent' : value === '' ? 'empty' : undefined);
  const words = item.values.map(wordOf);
  if (!isPlain || item.field === null || words.every((word) => word === undefined)) return undefined;
  const said = item.values.map((value, i) => words[i] ?? valueWords(value));
  return `${subject} is ${isNot ? 'not ' : ''}${listed(said, joint)}`;
}

function valueWords({ value }: ItemValue): string {
  const text = String(value);
  const cut = text.length > valueLength ? `${text.slice(0, valueLength)}…` : text;
  return typeof value === 'string' ? `'${cut}'` : cut;
}

/** `a, b or c`; of many the first, and how many more there are. */
export function listed(words: readonly string[], joint: string): string {
  const said = words.length > saidValues + 1 ? words.slice(0, saidValues) : words;
  const more = words.length - said.length;
  const all = more > 0 ? [...said, `${more} more`] : said;
  if (all.length === 1) return all[0]!;
  return `${all.slice(0, -1).join(', ')} ${joint} ${all.at(-1)}`;
}
