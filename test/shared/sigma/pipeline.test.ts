import fc from 'fast-check';
import t from 'tap';
import { applyPipelines, compileRules, parsePipeline, parseRules } from '../../../shared/sigma/index.ts';
import { faultOf, matchedBy, pipelineOf, ruleOf } from './pipelines.ts';
import { specs } from './rules.ts';

const example = `name: Field names of a product
priority: 15
vars:
  admins: [ada, grace]
transformations:
  - id: names
    type: field_name_mapping
    mapping:
      Image: exe
      CommandLine: [cmd, command]
    rule_conditions:
      - type: logsource
        product: windows
postprocessing:
  - type: embed
finalizers: []
`;

t.test('a pipeline as users write it', async (t) => {
  const { pipeline, problems } = parsePipeline(example, 'p.yml');
  t.match(pipeline, { name: 'Field names of a product', priority: 15, file: 'p.yml' });
  t.strictSame(pipeline?.vars.get('admins'), ['ada', 'grace']);
  t.match(problems, [
    { severity: 'warning', code: 'pipeline.unsupported', line: 14, column: 1 },
    { severity: 'warning', code: 'pipeline.unsupported', line: 16 },
  ]);
});

t.test('what is not understood refuses the whole, with its place', async (t) => {
  const odd = example
    .replace('field_name_mapping', 'field_name_guessing')
    .replace('type: logsource', 'type: log');
  const { pipeline, problems } = parsePipeline(odd, 'p.yml');
  t.equal(pipeline, undefined);
  t.match(
    problems.find(({ severity }) => severity === 'error'),
    {
      code: 'pipeline.invalid',
      file: 'p.yml',
      line: 7,
      column: 11,
      message: /field_name_guessing/,
      action: /./,
    },
  );
  const cases: readonly (readonly [string, RegExp])[] = [
    ['', /no document/],
    ['a: [', /./],
    ['[]', /not a map/],
    ['name: a\n---\nname: b', /one document/],
    ['name: a\ncolour: red', /colour/],
    ['priority: high', /priority/],
    ['vars: 3', /vars/],
    ['vars: { a: [{}] }', /not a text or number/],
    ['transformations: 3', /not a list/],
    ['transformations: [3]', /not a map/],
    ['transformations: [{ id: a }]', /no type/],
    ['transformations: [{ type: field_name_prefix }]', /needs `prefix`/],
    ['transformations: [{ type: field_name_prefix, prefix: [] }]', /not a text/],
    ['transformations: [{ type: field_name_prefix, prefix: a, suffix: b }]', /no parameter `suffix`/],
    ['transformations: [{ type: field_name_mapping, mapping: { a: { b: c } } }]', /list of texts/],
    ['transformations: [{ type: add_condition, conditions: x }]', /neither a map/],
    ['transformations: [{ type: add_condition, conditions: { a: { b: c } } }]', /list or a map/],
    ['transformations: [{ type: change_logsource }]', /no category/],
    ['transformations: [{ type: nest, items: [{ type: nothing }] }]', /`nothing`/],
  ];
  for (const [text, message] of cases) {
    const parsed = parsePipeline(text, 'p.yml');
    t.equal(parsed.pipeline, undefined, text);
    t.match(parsed.problems[0], { severity: 'error', message }, text);
  }
  t.match(faultOf(Array.from({ length: 5001 }, () => ({ type: 'drop_detection_item' }))), {
    code: 'rule.too_large',
  });
});

t.test('several pipelines in order of priority, state kept between them', async (t) => {
  const late = pipelineOf(
    [
      {
        type: 'field_name_suffix',
        suffix: '.late',
        rule_conditions: [{ type: 'processing_state', key: 'seen', val: true }],
      },
    ],
    { priority: 20 },
  );
  const early = pipelineOf(
    [
      { type: 'field_name_prefix', prefix: 'early.' },
      { type: 'set_state', key: 'seen', val: true },
    ],
    { priority: 10 },
  );
  const none = pipelineOf([{ type: 'field_name_suffix', suffix: '.first' }]);
  const rule = ruleOf('r', { product: 'x' }, { sel: { A: 1 } });
  t.strictSame(matchedBy(rule, [late, early, none], { 'early.A.first.late': 1 }), ['r']);
});

t.test('one refused rule stops no other; documents stay as they were', async (t) => {
  const rules = [
    ruleOf('bad', { product: 'x' }, { sel: { B: 1 } }),
    ruleOf('good', { product: 'x' }, { sel: { A: 1 } }),
    ruleOf('other', { product: 'y' }, { sel: { A: 1 } }),
  ].join('\n---\n');
  const { documents } = parseRules(rules, 'r.yml');
  const before = JSON.stringify(documents);
  const condition = [{ type: 'logsource', product: 'x' }];
  const pipeline = pipelineOf([
    {
      type: 'rule_failure',
      message: 'B is not kept',
      rule_conditions: [{ type: 'contains_field', field: 'B' }],
    },
    { type: 'field_name_prefix', prefix: 'p.', rule_conditions: condition },
  ]);
  const applied = applyPipelines(documents, [pipeline]);
  t.strictSame(
    applied.documents.map(({ id }) => id),
    ['good', 'other'],
  );
  t.strictSame(
    applied.refused.map(({ id }) => id),
    ['bad'],
  );
  t.match(applied.problems, [
    { code: 'rule.pipeline_refused', file: 'r.yml', line: 1, message: /B is not kept/ },
  ]);
  t.strictSame(
    applied.untouched.map(({ id }) => id),
    ['other'],
  );
  t.equal(JSON.stringify(documents), before);
});

t.test('filters follow the rules they are for', async (t) => {
  const rules = ruleOf('r', { category: 'process_creation', product: 'windows' }, { sel: { A: 1 } });
  const filter = `---
title: F
logsource: { category: process_creation }
filter:
  rules: any
  fine: { User: ada }
  condition: fine
`;
  const steps = [
    { type: 'field_name_prefix', prefix: 'p.', rule_conditions: [{ type: 'logsource', product: 'windows' }] },
    { type: 'change_logsource', product: 'windows', service: 'sysmon' },
  ];
  const text = `${rules}\n${filter}`;
  t.strictSame(matchedBy(text, [pipelineOf(steps)], { 'p.A': 1, 'p.User': 'eve' }), ['r']);
  t.strictSame(matchedBy(text, [pipelineOf(steps)], { 'p.A': 1, 'p.User': 'ada' }), []);
  t.strictSame(matchedBy(text, [], { A: 1, User: 'ada' }), [], 'and without');
});

const renaming = `name: Image holds the file's name only
priority: 30
transformations:
  - type: detection_item_failure
    message: Image holds the name of a file, no path
    field_name_conditions: [{ type: include_fields, fields: [Image] }]
    detection_item_conditions: [{ type: match_string, cond: any, pattern: '^\\*?\\\\?[^\\\\*]+$', negate: true }]
  - type: replace_string
    regex: '^\\*\\\\([^\\\\]+)$'
    replacement: '\\1'
    field_name_conditions: [{ type: include_fields, fields: [Image] }]
  - id: names
    type: field_name_mapping
    mapping: { EventID: [event_id, evtid] }
  - type: field_name_prefix
    prefix: win.
    field_name_conditions: [{ type: processing_item_applied, processing_item_id: names }]
    field_name_cond_not: true
  - type: add_condition
    conditions: { index: windows }
    rule_conditions: [{ type: logsource, product: windows }]
`;

t.test('conditions and rewrites that build on one another', async (t) => {
  const { pipeline } = parsePipeline(renaming, 'p.yml');
  const rule = (image: string) =>
    ruleOf(
      'r',
      { product: 'windows' },
      { sel: { 'Image|endswith': image, EventID: 1, 'CommandLine|contains': 'all' } },
    );
  const event = { win: { Image: 'whoami.exe', CommandLine: 'whoami /all' }, evtid: 1, index: 'windows' };
  t.strictSame(matchedBy(rule('\\whoami.exe'), [pipeline!], event), ['r']);
  t.strictSame(matchedBy(rule('\\whoami.exe'), [pipeline!], { ...event, index: 'linux' }), []);
  t.strictSame(matchedBy(rule('\\whoami.exe'), [pipeline!], { ...event, evtid: 2, event_id: 1 }), ['r']);
  t.throws(() => matchedBy(rule('\\System32\\whoami.exe'), [pipeline!], event), /no path/);
});

const scalar = fc.oneof(fc.string({ maxLength: 6 }), fc.integer(), fc.boolean(), fc.constant(null));
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    scalar,
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(
      fc.constantFrom(
        'type',
        'mapping',
        'rule_conditions',
        'conditions',
        'fields',
        'A',
        'items',
        'value',
        'rule_cond_expr',
        'pattern',
        'cond',
      ),
      tie('tree'),
      { maxKeys: 4 },
    ),
  ),
}));
const kinds = fc.constantFrom(
  ...['field_name_mapping', 'add_condition', 'nest', 'replace_string', 'map_string', 'set_value', 'regex'],
  ...['drop_detection_item', 'convert_type', 'case', 'hashes_fields', 'value_placeholders', 'rule_failure'],
);
const step = fc
  .tuple(
    kinds,
    fc.dictionary(
      fc.constantFrom(
        'mapping',
        'conditions',
        'items',
        'regex',
        'replacement',
        'value',
        'rule_conditions',
        'field_name_conditions',
      ),
      tree,
      { maxKeys: 3 },
    ),
  )
  .map(([type, rest]) => ({ type, ...rest }));

t.test('garbage never throws', async () => {
  const documents = parseRules(
    [
      ruleOf('odd', { product: 'x' }, { sel: { 'A|constructor|__proto__': 'x' } }),
      ruleOf('a', { product: 'x' }, { sel: { 'A|contains': ['x*', 7, 'y'], B: null } }),
      ruleOf(
        'b',
        { category: 'y' },
        { sel: [{ 'A|re': 'x+' }, { C: 1 }], more: ['word'], condition: '1 of them' },
      ),
    ].join('\n---\n'),
    'r.yml',
  ).documents;
  fc.assert(
    fc.property(fc.string({ maxLength: 200 }), (text) => {
      parsePipeline(text, 'p.yml');
    }),
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(step, tree), { maxLength: 4 }), (transformations) => {
      const { pipeline, problems } = parsePipeline(JSON.stringify({ transformations }), 'p.yml');
      if (pipeline === undefined) return problems.some((p) => p.severity === 'error' && p.line >= 1);
      compileRules(applyPipelines(documents, [pipeline]).documents, { specs });
      return true;
    }),
    { numRuns: 500 },
  );
});

const part = fc.constantFrom(
  'action: global\n',
  'action: repeat\n',
  'action: reset\n',
  'action: [x]\n',
  'title: T\n',
  'id: i\n',
  'logsource: { product: x }\n',
  'detection: { sel: { A: 1 }, condition: sel }\n',
  'detection: 3\n',
  'filter: { rules: any, sel: { A: 1 }, condition: not sel }\n',
  'filter: [x]\n',
  'filter: { rules: [{}] }\n',
  '--- # x\n',
);

t.test('garbage collections and filters never throw', async () => {
  fc.assert(
    fc.property(fc.array(part, { maxLength: 16 }), (parts) => {
      const parsed = parseRules(parts.join(''), 'r.yml');
      const compiled = compileRules(parsed.documents, { specs });
      return parsed.reasons.length === parsed.refused && compiled.reasons.length === compiled.refused.length;
    }),
    { numRuns: 500 },
  );
});
