/** Random items of selections: every modifier in the chains that rules may use, with values it takes. */
import fc from 'fast-check';
import { text } from './texts.ts';

/** What may stand beside any chain. */
const flags = ['all', 'cased', 'neq'] as const;

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
const scalar = fc.oneof({ weight: 6, arbitrary: pattern }, fc.constantFrom(1, 11, -1, 1.5, true, false, ''));
/** Texts that end up in base64 within events too, see texts.ts. */
const plain = fc.constantFrom('abc', 'ABab', 'a/b-1', 'é.ab', 'bab1a');

/** None that the runtime takes exponential time for: it runs them for the naive engine. */
const regex = fc.oneof(
  fc.constantFrom('a+b', '^[ab]+$', 'b|1', 'aab?', '\\ba', '(a|b){2,3}1?$', 'AB', '(?i)AB', '^$', '.*a$'),
  fc.constantFrom(
    '[^a]b',
    'é',
    'a.b',
    '^b',
    '\\d+(?:\\.\\d+){3}',
    '(?:a|1)*?-',
    '\\\\\\w',
    '\\s|–',
    '(?is)b.a',
  ),
);
const network = fc.constantFrom(
  ...['10.0.0.0/8', '10.1.2.0/23', '10.1.2.3', '0.0.0.0/0', '::/0', '2001:db8::/33', 'fe80::/10', '::1/128'],
);

interface Kind {
  readonly chains: readonly (readonly string[])[];
  readonly value: fc.Arbitrary<unknown>;
  /** Whether the chains make sense for keywords too. */
  readonly keywords: boolean;
  readonly weight: number;
}

const affixes = [[], ['contains'], ['startswith'], ['endswith']] as const;
const encodings = ['wide', 'utf16le', 'utf16be', 'utf16'] as const;

/** The one list of what is tried: a modifier is tried when a chain here has it. */
export const kinds: readonly Kind[] = [
  { weight: 8, keywords: true, value: scalar, chains: affixes },
  { weight: 1, keywords: true, value: fc.constant(null), chains: [[]] },
  {
    ...{ weight: 3, keywords: true, value: pattern },
    chains: affixes.flatMap((affix) => [
      [...affix, 'windash'],
      ['windash', ...affix],
    ]),
  },
  { weight: 1, keywords: false, value: fc.constantFrom(true, false, 'True'), chains: [['exists']] },
  {
    ...{ weight: 3, keywords: true, value: regex },
    chains: [['re'], ['re', 'i'], ['re', 'm'], ['re', 's'], ['re', 'i', 'm', 's']],
  },
  {
    ...{
      weight: 2,
      keywords: true,
      value: fc.oneof(fc.integer({ min: -1, max: 12 }), fc.constantFrom('11', 1.5)),
    },
    chains: [['lt'], ['lte'], ['gt'], ['gte']],
  },
  { weight: 2, keywords: true, value: network, chains: [['cidr']] },
  {
    ...{ weight: 3, keywords: true, value: plain },
    chains: ['base64', 'base64offset'].flatMap((base) =>
      [[base], ...encodings.map((encoding) => [encoding, base])].flatMap((chain) => [
        chain,
        [...chain, 'contains'],
        [...chain, 'endswith'],
      ]),
    ),
  },
  { weight: 1, keywords: true, value: plain, chains: encodings.map((encoding) => [encoding]) },
  {
    ...{
      weight: 2,
      keywords: true,
      value: fc.constantFrom('%admins%', 'a%one%', '%one%%admins%', '%no list', 'a'),
    },
    chains: affixes.flatMap((affix) => [
      [...affix, 'expand'],
      ['expand', ...affix],
    ]),
  },
  { weight: 1, keywords: true, value: fc.constant('%nets%'), chains: [['expand', 'cidr']] },
  {
    ...{ weight: 2, keywords: false, value: fieldName },
    chains: affixes.map((affix) => ['fieldref', ...affix]),
  },
];

function keyed(field: string, kind: Kind): fc.Arbitrary<readonly [string, unknown]> {
  const values = fc.oneof(kind.value, fc.array(kind.value, { minLength: 1, maxLength: 3 }));
  return fc
    .tuple(fc.constantFrom(...kind.chains), fc.subarray([...flags], { maxLength: 2 }), fc.boolean(), values)
    .map(([chain, more, first, value]) => [
      [field, ...(first ? [...more, ...chain] : [...chain, ...more])].join('|'),
      value,
    ]);
}

function item(kind: Kind): fc.Arbitrary<readonly [string, unknown]> {
  const ofField = fieldName.chain((field) => keyed(field, kind));
  return kind.keywords ? fc.oneof({ weight: 6, arbitrary: ofField }, keyed('', kind)) : ofField;
}

/** `field|modifiers` and its value or values. */
export const anyItem = fc.oneof(...kinds.map((kind) => ({ weight: kind.weight, arbitrary: item(kind) })));
export const keyword = scalar;
