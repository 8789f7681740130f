/** The filter language: what is read, what is refused and where. */
import fc from 'fast-check';
import t from 'tap';
import { isWithin, readNetwork } from '#shared/filter/address.ts';
import { completionsAt } from '#shared/filter/complete.ts';
import { knownFields } from '#shared/filter/fields.ts';
import type { Filter } from '#shared/filter/filter.ts';
import { maxFilterDepth, maxFilterLength, maxFilterTerms, parseFilter } from '#shared/filter/parse.ts';
import { problemText } from '#shared/filter/problem.ts';
import type { EventRow } from '#shared/schema/columns.ts';
import { passes } from '../../naive-filter.ts';

function read(text: string): Filter {
  const parsed = parseFilter(text);
  if (!parsed.ok) throw new Error(`${text}: ${problemText(parsed.problem)}`);
  return parsed.value;
}

function problem(text: string) {
  const parsed = parseFilter(text);
  return parsed.ok ? undefined : parsed.problem;
}

const event: EventRow = {
  type: 'network.connection',
  time: 1_769_860_800_000_000,
  'event.action': 'connected',
  'network.transport': 'tcp',
  'network.initiated': true,
  'source.ip': '10.1.2.3',
  'source.port': 40_000,
  'source.bytes': 4000,
  'destination.ip': '2001:db8::5',
  'destination.port': 443,
  'network.connection_id': 'c1',
  'process.pid': 1000,
  'process.name': 'curl',
  'process.executable': '/usr/bin/curl',
  'process.command_line': 'curl -d "a b" C:\\Windows\\x *',
  'user.id': '1001',
};
const holds = (text: string) => passes(read(text), 'h1', event);

/** What holds of the event, and what does not. */
const table: readonly (readonly [text: string, holds: boolean])[] = [
  ['', true],
  ['   ', true],
  ['process.name:curl', true],
  ['PROCESS.Name:CURL', true],
  ['Image:/usr/bin/curl', true],
  ['image:*\\curl', false],
  ['Image:*/curl', true],
  ['Image:/usr/???/c*l', true],
  ['process.name:cur', false],
  ['process.name:"curl"', true],
  ["process.name:'cur*'", false],
  ['process.name:"cur*"', true],
  ['CommandLine:"*-d \\"a b\\"*"', true],
  ['CommandLine:*C:\\Windows\\x*', true],
  ['CommandLine:"*x \\*"', true],
  ['CommandLine:"*y \\*"', false],
  ["'x *'", true],
  ["'y *'", false],
  ['process.pid:1000', true],
  ['process.pid:>1000', false],
  ['process.pid:>=1000', true],
  ['process.pid:<1000.5', true],
  ['process.pid:[1000 TO 5000]', true],
  ['process.pid:{1000 TO 5000]', false],
  ['process.pid:[* to 1000]', true],
  ['process.pid:10?0', true],
  ['user.id:>=1001', true],
  ['user.id:>1001', false],
  ['source.ip:10.0.0.0/8', true],
  ['source.ip:10.1.2.3', true],
  ['source.ip:10.1.2.0/25', true],
  ['source.ip:10.1.3.0/24', false],
  ['source.ip:10.1.*', true],
  ['destination.ip:2001:db8::/32', true],
  ['DestinationIp:2001:DB8:0:0:0:0:0:5', true],
  ['destination.ip:2001:db9::/32', false],
  ['destination.port:(80, 443)', true],
  ['destination.port:(80 or 8080)', false],
  ['process.name:(wget "curl")', true],
  ['network.initiated:true', true],
  ['Initiated:FALSE', false],
  ['process.name:*', true],
  ['process.hash.sha256:*', false],
  ['not process.hash.sha256:*', true],
  ['not user.name:root', true],
  ['curl', true],
  ['wget', false],
  ['"a b"', true],
  ['curl wget', false],
  ['curl and connected', true],
  ['wget or connected', true],
  ['wget or connected and tcp', true],
  ['(wget or connected) and udp', false],
  ['not (wget or udp)', true],
  ['NOT not curl', true],
  ['curl AND NOT wget', true],
  ['type:network.connection', true],
  ['type:network.*', true],
  ['type:(process.start, login)', false],
  ['event.dataset:network.connection', true],
  ['time:>2026-01-31', true],
  ['@timestamp:<2026-01-31T12:00:00.000001Z', true],
  ['time:[2026-01-31T12:00 TO 2026-01-31T13:00+01:00]', true],
  ['time:>2026-01-31T12:00:00Z', false],
];

for (const [text, expected] of table)
  t.test(text === '' ? 'nothing' : text, async (t) => t.equal(holds(text), expected));

/** What is wrong, and at which column. */
const refusals: readonly (readonly [text: string, code: string, column: number, about?: RegExp])[] = [
  ['curl (a or b', 'filter.syntax', 6, /never closed/],
  ['a )', 'filter.syntax', 3],
  ['a and', 'filter.syntax', 6],
  ['or a', 'filter.syntax', 1],
  ['not', 'filter.syntax', 4],
  ['process.name:', 'filter.syntax', 14, /missing/],
  ['process.name:"bash', 'filter.syntax', 14, /no end/],
  ['process.name:(a b', 'filter.syntax', 14],
  ['process.name:()', 'filter.syntax', 14, /empty/],
  ['process.pid:[1 2]', 'filter.syntax', 16, /TO/],
  ['process.pid:[1 TO 2', 'filter.syntax', 13],
  ['process.pid:abc', 'filter.value', 13, /number/],
  ['process.pid:>x', 'filter.value', 14],
  ['process.name:>x', 'filter.value', 15],
  ['process.start:12:00', 'filter.value', 15, /instant/],
  ['host.load:1*', 'filter.value', 11, /wildcards/],
  ['network.initiated:yes', 'filter.value', 19],
  ['network.initiated:>1', 'filter.value', 20],
  ['source.ip:10.0.0.0/33', 'filter.value', 11, /network/],
  ['type:proces.start', 'filter.value', 6],
  ['a proces.name:x', 'filter.unknown_field', 3],
  ['https://example.org', 'filter.unknown_field', 1, /quotes/],
  ['a'.repeat(maxFilterLength + 1), 'filter.too_large', maxFilterLength + 1],
  [`${'('.repeat(maxFilterDepth + 2)}a`, 'filter.too_large', maxFilterDepth + 2],
  [`${'not '.repeat(maxFilterDepth + 2)}a`, 'filter.too_large', 4 * (maxFilterDepth + 1) + 1],
  ['a '.repeat(maxFilterTerms + 1), 'filter.too_large', 2 * maxFilterTerms + 1],
];

for (const [text, code, column, about = /./] of refusals)
  t.test(`refused: ${text.slice(0, 40)}`, async (t) => {
    t.match(problem(text), { code, column, message: about });
  });

t.test('near names are suggested', async (t) => {
  t.equal(problem('proces.name:x')?.suggestions[0], 'process.name');
  t.equal(problem('comandline:x')?.suggestions[0], 'CommandLine');
  t.equal(problem('hots:x')?.suggestions[0], 'host');
  t.ok(problem('destination:x')?.suggestions.includes('destination.ip'));
  t.strictSame(problem('qqqqqq:x')?.suggestions, []);
  t.equal(problem('type:proces.start')?.suggestions[0], 'process.start');
});

t.test('every field is known by its name', async (t) => {
  for (const { name } of knownFields) t.equal(problem(`${name}:*`), undefined, name);
});

t.test('any text is read or refused at a place in it', async (t) => {
  const piece = fc.oneof(
    fc.constantFrom('process.pid:', 'Image:', 'host:', 'type:', '(', ')', '[', ']', '{', '}', '"', "'", '\\'),
    fc.constantFrom(' ', ' and ', ' or ', ' not ', ' TO ', '>', '<=', ',', '*', '?', '10.0.0.0/8', '1'),
    fc.string({ unit: 'binary', maxLength: 4 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      const text = pieces.join('');
      const refused = problem(text);
      if (refused === undefined) return;
      t.ok(refused.column >= 1 && refused.column <= text.length + 1, text);
    }),
    { numRuns: 3000 },
  );
});

t.test('networks take in addresses however they are written', async (t) => {
  const within = (network: string, address: string) => isWithin(readNetwork(network)!, address);
  t.ok(within('10.0.0.0/8', '::ffff:10.9.9.9'));
  t.ok(within('0.0.0.0/0', '1.2.3.4'));
  t.notOk(within('0.0.0.0/0', '::1'));
  t.ok(within('2001:db8::/33', '2001:DB8:7fff::'));
  t.notOk(within('2001:db8::/33', '2001:db8:8000::'));
  for (const text of ['10.0.0.0/33', '::/129', '10.0.0/8', '1.2.3.4.5', '::1::', 'x', '/8', '10.0.0.0/'])
    t.equal(readNetwork(text), undefined, text);
});

t.test('completion offers fields, aliases, types and the few values of a field', async (t) => {
  const offered = (text: string, caret = text.length) =>
    completionsAt(text, caret).items.map((item) => item.text);
  t.ok(offered('process.na').includes('process.name:'));
  t.ok(offered('not comma').includes('CommandLine:'));
  t.ok(offered('command').includes('process.command_line:'), 'by a part of the name');
  t.strictSame(offered('type:process.st'), ['process.start']);
  t.ok(offered('event.outcome:').includes('failure'));
  t.strictSame(offered('network.initiated:t'), ['true']);
  t.strictSame(offered('process.name:"proc'), [], 'not inside quotes');
  t.strictSame(offered(''), []);
  t.equal(completionsAt('a (proc', 7).from, 3);
  t.strictSame(offered('source.ip:x process.na', 8).includes('source.ip:'), true, 'where the caret is');
});
