/** Random values of events, made so that the values of items.ts have a chance. */
import fc from 'fast-check';

const short = fc.string({ unit: fc.constantFrom(...'aaabbAB1 -/.\\–σéİ\n', '𐐨'), maxLength: 8 });

const encoded = fc
  .tuple(
    fc.constantFrom('abc', 'ABab', 'a/b-1', 'é.ab', 'bab1a'),
    fc.constantFrom('utf8' as const, 'utf16le' as const),
    fc.constantFrom('', 'x', 'xy', '\uFEFF'),
    fc.constantFrom('', 'z', 'zz'),
  )
  .map(([word, encoding, before, after]) => Buffer.from(before + word + after, encoding).toString('base64'));
const swapped = fc
  .constantFrom('abc', 'a/b-1', 'xbab1a')
  .map((word) => Buffer.from(word, 'utf16le').swap16().toString('base64'));
const latin = fc.constantFrom('abc', 'bab1a').map((word) => Buffer.from(word, 'utf16le').toString('latin1'));

const special = fc.constantFrom(
  ...[
    '10.1.2.3',
    '10.200.0.1',
    '11.0.0.1',
    '::ffff:10.1.3.9',
    '2001:db8::7',
    'fe80::1%eth0',
    '::1',
    '010.1.1.1',
  ],
  ...['11', '1.5', '-1', ' 5 ', '0x1', 'true', '', 'ada', 'su grace', '%one%', 'admins', '1e3'],
  ...[
    '2026-03-01T12:05:09Z',
    '2024-12-31 23:59:59.999',
    '2026-01-01T00:00:00.000Z',
    '2027-01-01',
    '12:05',
    '2026-02-30',
  ],
  ...['1700000000', '1700000000123', '1700000000123456', '2026-03-01 23:30:00+02:00', '2025-W01'],
);

const dash = fc.constantFrom('-', '/', '\u2013', '\u2014', '\u2015', '+');
const dashed = fc.tuple(dash, dash).map(([one, other]) => `x ${one}a ${other}B`);

export const text: fc.Arbitrary<string> = fc.oneof(
  { weight: 10, arbitrary: short },
  { weight: 3, arbitrary: special },
  { weight: 3, arbitrary: encoded },
  { weight: 2, arbitrary: dashed },
  { weight: 1, arbitrary: fc.oneof(swapped, latin) },
  { weight: 1, arbitrary: short.map((t) => t.repeat(400)) },
);
