/** Random items of selections: every modifier in the chains that rules may use, with values it takes. */
import fc from 'fast-check';
import { text } from './texts.ts';

export const lists = { admins: ['ada', 'gr*', 'a\\*'], nets: ['10.0.0.0/8', '::1'], one: ['b'] };

export const fields = [
  'process.command_line',
  'process.executable',
  'user.name',
  'process.pid',
  'event.baseline',
  'event.truncated',
] as const;
/** As rules may write them: spaces do not count, and some fields no event has. */
const fieldName = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...fields) },
  fc.constantFrom('user. name', 'Unheard'),
);

const unit = fc.constantFrom(
  ...'aaabbAB1 -/.%–',
  ...['*', '?', '\\', '\\*', '\\?', '\\\\', 'Σ', 'ς', 'é', 'İ', '𐐀', '\n'],
);
const pattern = fc.oneof(
  { weight: 12, arbitrary: fc.string({ unit, maxLength: 6 }) },
  { weight: 2, arbitrary: text },
  { weight: 1, arbitrary: fc.string({ unit, maxLength: 4 }).map((t) => `${t}*${t.repeat(40)}*`) },
);
/** Dashes that `windash` interchanges, and some it leaves alone. */
const dashed = fc.constantFrom('-a', ' /a', 'x -a /b', '\u2015a*\u2014b', 'x-a', '-?a', '\\*-a', '- a');
const scalar = fc.oneof({ weight: 6, arbitrary: pattern }, fc.constantFrom(1, 11, -1, 1.5, true, false, ''));
/** Texts that end up in base64 within events too, see texts.ts. */
const plain = fc.constantFrom('abc', 'ABab', 'a/b-1', 'é.ab', 'bab1a');
/** None that the runtime takes exponential time for: it runs them for the naive engine. */
const regex = fc.constantFrom(
  ...['a+b', '^[ab]+$', 'b|1', 'aab?', '\\ba', '(a|b){2,3}1?$', 'AB', '(?i)AB', '^$', '.*a$', '[^a]b', 'é'],
  ...['a.b', '^b', '\\d+(?:\\.\\d+){3}', '(?:a|1)*?-', '\\\\\\w', '\\s|–', '(?is)b.a', 'a$', '(?i:b)A'],
);
const network = fc.constantFrom(
  ...['10.0.0.0/8', '10.1.2.0/23', '10.1.2.3', '0.0.0.0/0', '::/0', '2001:db8::/33', 'fe80::/10', '::1/128'],
);
const number = fc.oneof(fc.integer({ min: -1, max: 12 }), fc.constantFrom('11', 1.5));
const instant = fc.constantFrom(1, 2, 3, 5, 9, 12, '12');
const placeholder = fc.constantFrom(
  '%admins%',
  'a%one%',
  '%one%%admins%',
  '%no list',
  '\\%one%one%',
  '\\\\%one%',
);

/** Which of the flags of an item go with a kind of test. */
type Flag = 'all' | 'cased' | 'neq';

interface Kind {
  readonly weight: number;
  readonly value: fc.Arbitrary<unknown>;
  readonly chains: readonly (readonly string[])[];
  readonly flags: readonly Flag[];
  /** `one`: it takes no list of values; `field`: it makes no sense of keywords. */
  readonly only?: readonly ('one' | 'field')[];
}

const affixes: readonly (readonly string[])[] = [[], ['contains'], ['startswith'], ['endswith']];
const encodings = ['wide', 'utf16le', 'utf16be', 'utf16'] as const;
const comparisons = ['lt', 'lte', 'gt', 'gte'] as const;
const timeParts = ['minute', 'hour', 'day', 'week', 'month'] as const;
const anyFlag: readonly Flag[] = ['all', 'cased', 'neq'];

/** The chain after, before, or without an affix. */
function withAffix(...chain: readonly string[]): readonly (readonly string[])[] {
  return affixes.flatMap((affix) => [
    [...chain, ...affix],
    [...affix, ...chain],
  ]);
}

/** The one list of what is tried: a modifier is tried when a chain here has it. */
const kinds: readonly Kind[] = [
  { weight: 8, value: scalar, chains: affixes, flags: anyFlag },
  { weight: 1, value: fc.constant(null), chains: [[]], flags: ['all', 'neq'] },
  { weight: 3, value: fc.oneof(pattern, dashed), chains: withAffix('windash'), flags: anyFlag },
  {
    ...{ weight: 1, value: fc.constantFrom(true, false, 'True'), flags: [], only: ['one', 'field'] },
    chains: [['exists']],
  },
  {
    ...{ weight: 2, value: regex, flags: anyFlag },
    chains: [['re', 'm'], ['re', 's'], ['re', 'm', 's'], ...withAffix('re')],
  },
  {
    ...{ weight: 2, value: regex, flags: ['all', 'neq'] },
    chains: [
      ['re', 'i'],
      ['re', 'i', 'm', 's'],
      ['startswith', 're', 'i', 'm'],
    ],
  },
  { weight: 2, value: number, chains: comparisons.map((c) => [c]), flags: ['all'], only: ['field'] },
  {
    ...{ weight: 2, value: instant, flags: ['all'], only: ['field'] },
    chains: timeParts.flatMap((part) => comparisons.flatMap((c) => [[part], [part, c], [c, part]])),
  },
  { weight: 1, value: instant, chains: timeParts.map((part) => [part]), flags: ['neq'], only: ['field'] },
  {
    ...{ weight: 1, value: fc.constantFrom(2024, 2026), flags: ['all'], only: ['field'] },
    chains: [['year'], ['year', 'gte'], ['lt', 'year']],
  },
  { weight: 2, value: network, chains: [['cidr']], flags: ['all', 'neq'] },
  {
    ...{ weight: 3, value: plain, flags: anyFlag },
    chains: ['base64', 'base64offset'].flatMap((base) =>
      [[base], ...encodings.map((encoding) => [encoding, base])].flatMap((chain) =>
        affixes.map((affix) => [...chain, ...affix]),
      ),
    ),
  },
  {
    ...{ weight: 1, value: plain, flags: anyFlag },
    chains: encodings.flatMap((encoding) => affixes.map((affix) => [encoding, ...affix])),
  },
  { weight: 2, value: placeholder, chains: [...withAffix('expand'), ['windash', 'expand']], flags: anyFlag },
  {
    weight: 1,
    value: fc.constant('%nets%'),
    chains: [
      ['expand', 'cidr'],
      ['cidr', 'expand'],
    ],
    flags: ['neq'],
  },
  {
    weight: 1,
    value: fc.constant('^(?:%admins%|b)'),
    chains: [
      ['re', 'expand'],
      ['expand', 're'],
    ],
    flags: ['all'],
  },
  { weight: 2, value: fieldName, chains: withAffix('fieldref'), flags: anyFlag, only: ['field'] },
];

function keyed(field: string, kind: Kind): fc.Arbitrary<readonly [string, unknown]> {
  const isList = !kind.only?.includes('one');
  const values = isList
    ? fc.oneof(kind.value, fc.array(kind.value, { minLength: 1, maxLength: 3 }))
    : kind.value;
  const allowed = kind.flags.filter((flag) => field !== '' || flag !== 'neq');
  return fc
    .tuple(fc.constantFrom(...kind.chains), fc.subarray([...allowed]), fc.boolean(), values)
    .map(([chain, flags, first, value]) => [
      [field, ...(first ? [...flags, ...chain] : [...chain, ...flags])].join('|'),
      value,
    ]);
}

function item(kind: Kind): fc.Arbitrary<readonly [string, unknown]> {
  const ofField = fieldName.chain((field) => keyed(field, kind));
  return kind.only?.includes('field')
    ? ofField
    : fc.oneof({ weight: 6, arbitrary: ofField }, keyed('', kind));
}

/** `field|modifiers` and its value or values. */
export const anyItem = fc.oneof(...kinds.map((kind) => ({ weight: kind.weight, arbitrary: item(kind) })));
export const keyword = scalar;
