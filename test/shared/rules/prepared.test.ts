/** Rules that were prepared come to what their texts come to. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { eventSpecs } from '#shared/events/registry.gen.ts';
import { compileDocuments } from '#shared/rules/compile.ts';
import { documentsFromFiles } from '#shared/rules/from-files.ts';
import { prepareRules } from '#shared/rules/prepared/prepare.ts';
import { readPrepared } from '#shared/rules/prepared/read.ts';
import type { Bool } from '#shared/sigma/compile/predicate.ts';
import { compileRules, type RuleSet } from '#shared/sigma/index.ts';
import { logsourceKey } from '#shared/sigma/logsource.ts';
import { tempFolder } from '../../temp.ts';

const top = join(import.meta.dirname, '../../..');
const archive = join(top, '../shared/sigma/sigmahq.tar.gz');

function filesUnder(folder: string): Map<string, Uint8Array> {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (path) => path.endsWith('.yml') && !path.endsWith('.test.yml'),
  );
  return new Map(paths.sort().map((path) => [`rules/${path}`, readFileSync(join(folder, path))]));
}

/** All that matching and alerts go by, as plain data. */
function plain(bool: Bool): unknown {
  switch (bool.op) {
    case 'predicate': {
      const { field, test, selection, modifiers, text } = bool.predicate;
      const needs = (test.needs ?? []).map((group) => group.map(({ key, hint }) => [key, hint]));
      return { field, key: test.key, hint: test.hint, needs, selection, modifiers, text };
    }
    case 'compare-fields':
      return bool;
    case 'not':
      return { not: plain(bool.of) };
    default:
      return { op: bool.op, least: 'least' in bool ? bool.least : 0, of: bool.of.map(plain) };
  }
}

const headerOf = ({ rule }: RuleSet['rules'][number] | RuleSet['correlations'][number]) => {
  const { id, name, title, level, tags, file } = rule;
  return { id, name, title, level, tags, file };
};

function plainSet({ rules, correlations, filters, silent }: RuleSet): unknown {
  return {
    rules: rules.map((one) => ({
      ...headerOf(one),
      logsource: logsourceKey(one.rule.logsource),
      condition: plain(one.condition),
      isSilent: silent.has(one),
    })),
    correlations: correlations.map((one) => {
      const { type, groupBy, aliases, timespanUs, range, condition, fields, percentile, generate } = one.rule;
      return {
        ...headerOf(one),
        ...{ type, groupBy, aliases, timespanUs, range, text: condition?.text, fields, percentile, generate },
        refers: one.refers.map(({ rule }) => rule.id),
        ...{ expression: one.expression, sequence: one.sequence, isSilent: silent.has(one) },
      };
    }),
    filters: filters.map(({ filter, to }) => [filter.id, to]),
  };
}

/** Both ways of the same files, as plain data. */
function bothWays(files: ReadonlyMap<string, Uint8Array>) {
  const { before, lists } = documentsFromFiles(files);
  const prepared = prepareRules(before.documents, lists);
  if (prepared === undefined) throw new Error('nothing was prepared');
  const documents = readPrepared(prepared, () => true);
  if (documents === undefined) throw new Error('its form is not known');
  const options = { lists, specs: Object.values(eventSpecs) };
  return {
    ...{ prepared, texts: compileDocuments(before, lists).ruleSet },
    read: compileRules(documents, options).ruleSet,
  };
}

t.test('the starter pack', async (t) => {
  const { texts, read } = bothWays(filesUnder(join(top, 'collector/rules/pack')));
  t.ok(texts.rules.length > 100 && texts.correlations.length > 0);
  t.same(plainSet(read), plainSet(texts));
});

const skip = existsSync(archive) ? false : 'the public rules are not here';
t.test('the public rules', { skip }, async (t) => {
  const folder = tempFolder(t);
  execFileSync('tar', ['xzf', archive, '-C', folder]);
  const { texts, read } = bothWays(filesUnder(join(folder, 'rules')));
  t.ok(texts.rules.length > 2500);
  const [ours, theirs] = [plainSet(read), plainSet(texts)].map((set) => JSON.stringify(set));
  t.ok(ours === theirs, 'rule by rule, test by test');
});

const rule = (id: number, detection: string, product = 'linux', more = '') => `title: Rule ${id}
id: e0000000-0000-4000-8000-00000000000${id}
${more}logsource: { category: process_creation, product: ${product} }
detection: ${detection}
level: high
`;
const files = (texts: Readonly<Record<string, string>>) =>
  new Map(Object.entries(texts).map(([path, text]) => [path, Buffer.from(text)]));
const varied = files({
  'lists/tools.txt': 'nc\nsocat\n',
  'pipelines/p.yml': `name: p
priority: 10
transformations:
  - type: field_name_mapping
    mapping: { cmd: CommandLine }
`,
  'rules/1.yml': rule(
    1,
    "{ a: { cmd|re|i: '^.*evil[0-9]+$' }, b: { cmd|expand|contains: '%tools%' }, c: [ x, y ], condition: a and 1 of b* or not c }",
    'linux',
    'name: one\n',
  ),
  'rules/2.yml': rule(
    2,
    '{ a1: { Image: null }, a2: { cmd|endswith: 5 }, a3: { cmd: true }, condition: 2 of a* }',
  ),
  'rules/3.yml': `title: Three
id: e0000000-0000-4000-8000-000000000003
correlation:
  type: value_count
  rules: [one, e0000000-0000-4000-8000-000000000002]
  group-by: [host.id, u]
  aliases: { u: { one: User, e0000000-0000-4000-8000-000000000002: user.name } }
  timespan: 5m
  condition: { lt: 10, gte: 3, field: CommandLine }
`,
  'rules/4.yml': `title: Four
id: e0000000-0000-4000-8000-000000000004
logsource: { category: process_creation, product: linux }
filter:
  rules: [one]
  s: { cmd|startswith: /opt/ }
  condition: s
`,
});

t.test('lists, pipelines, correlations and filters', async (t) => {
  const { texts, read, prepared } = bothWays(varied);
  t.equal(texts.rules.length, 2);
  t.equal(texts.correlations.length, 1);
  t.equal(texts.filters.length, 1);
  t.same(plainSet(read), plainSet(texts));
  t.same(prepared, bothWays(new Map([...varied].reverse())).prepared, 'the same files give the same bytes');
});

t.test('of other products only what correlations count is read', async (t) => {
  const { before, lists } = documentsFromFiles(
    files({
      'rules/1.yml': rule(1, '{ a: { Image: a }, condition: a }', 'windows'),
      'rules/2.yml': rule(2, '{ a: { Image: a }, condition: a }', 'windows', 'name: two\n'),
      'rules/3.yml': rule(3, '{ a: { Image: a }, condition: a }'),
      'rules/4.yml': `title: Four
id: e0000000-0000-4000-8000-000000000004
correlation: { type: event_count, rules: [two], group-by: [host.id], timespan: 1m, condition: { gte: 2 } }
`,
    }),
  );
  const prepared = prepareRules(before.documents, lists)!;
  const read = readPrepared(prepared, ({ logsource }) => logsource.product === 'linux');
  t.same(
    read?.map(({ title }) => title),
    ['Rule 2', 'Rule 3', 'Four'],
  );
});

t.test('what cannot be prepared is left to the texts', async (t) => {
  const infinite = documentsFromFiles(
    files({ 'rules/1.yml': rule(1, '{ a: { Image: .inf }, condition: a }') }),
  );
  t.equal(infinite.before.documents.length, 1);
  t.equal(prepareRules(infinite.before.documents, infinite.lists), undefined);
  t.equal(prepareRules([], new Map()), undefined);
  t.equal(
    readPrepared(Buffer.from('{"form":999,"documents":[]}'), () => true),
    undefined,
    'of a later form',
  );
  for (const bad of ['', '{', 'null', '[]x', '{"form":1}', '{"form":1,"documents":[{"kind":"other"}]}'])
    t.throws(() => readPrepared(Buffer.from(bad), () => true), { code: 'bundle.malformed' }, bad);
});
