import t from 'tap';
import { applyPipelines, parseRules } from '../../../shared/sigma/index.ts';
import { faultOf, holdsAfter, matchedBy, pipelineOf, type Raw, refusalOf, ruleOf } from './pipelines.ts';

const on = (...fields: string[]) => ({ field_name_conditions: [{ type: 'include_fields', fields }] });

t.test('field_name_mapping', async (t) => {
  const steps = [{ type: 'field_name_mapping', mapping: { A: 'a', B: ['b1', 'b2'] } }];
  t.ok(holdsAfter(steps, { A: 1 }, { a: 1 }));
  t.notOk(holdsAfter(steps, { A: 1 }, { A: 1 }));
  t.ok(holdsAfter(steps, { C: 1 }, { C: 1 }), 'others stay');
  t.ok(holdsAfter(steps, { 'B|contains': 'x' }, { b1: 'axa' }));
  t.ok(holdsAfter(steps, { 'B|contains': 'x' }, { b2: 'axa' }), 'several names are alternatives');
  t.ok(holdsAfter(steps, { 'B|contains|all': ['x', 'y'] }, { b1: 'x', b2: 'xy' }));
  t.notOk(holdsAfter(steps, { 'B|contains|all': ['x', 'y'] }, { b1: 'x', b2: 'y' }));
});

t.test('absence under several names', async (t) => {
  const steps = [{ type: 'field_name_mapping', mapping: { B: ['b1', 'b2'] } }];
  t.ok(holdsAfter(steps, { B: null }, { x: 1 }));
  t.notOk(holdsAfter(steps, { B: null }, { b2: 1 }), 'none of them may be there');
  t.notOk(holdsAfter(steps, { 'B|exists': false }, { b1: 1 }));
  t.ok(holdsAfter(steps, { 'B|exists': true }, { b1: 1 }));
  t.ok(holdsAfter(steps, { B: [null, 'v'] }, { b2: 'v' }));
  t.ok(holdsAfter(steps, { B: [null, 'v'] }, { x: 'v' }));
  t.notOk(holdsAfter(steps, { B: [null, 'v'] }, { b2: 'w' }));
  t.ok(holdsAfter(steps, { 'B|neq': 'v' }, { b2: 'w' }));
  t.notOk(holdsAfter(steps, { 'B|neq': 'v' }, { b2: 'v' }));
});

t.test('keywords onto a field', async (t) => {
  const steps = [{ type: 'field_name_mapping', mapping: { '': 'message' } }];
  t.ok(holdsAfter(steps, ['evil'], { message: 'so evil it is' }));
  t.notOk(holdsAfter(steps, ['evil'], { other: 'so evil it is' }));
  t.ok(holdsAfter(steps, { '|re': 'e[v]il' }, { message: 'so evil it is' }));
});

t.test('fields that values refer to', async (t) => {
  const steps = [{ type: 'field_name_mapping', mapping: { A: 'a', B: ['b1', 'b2'] } }];
  t.ok(holdsAfter(steps, { 'A|fieldref': 'B' }, { a: 'x', b2: 'X' }));
  t.ok(holdsAfter(steps, { 'C|fieldref|endswith': 'A' }, { C: 'ux', a: 'x' }));
  t.notOk(holdsAfter(steps, { 'A|fieldref': 'B' }, { A: 'x', B: 'x' }));
  const only = [{ ...steps[0], ...on('B') }];
  t.ok(holdsAfter(only, { 'A|fieldref': 'B' }, { A: 'x', b1: 'x' }), 'each by its own condition');
});

t.test('prefixes, suffixes, functions', async (t) => {
  t.ok(holdsAfter([{ type: 'field_name_prefix', prefix: 'p.' }], { A: 1 }, { 'p.A': 1 }));
  t.ok(holdsAfter([{ type: 'field_name_suffix', suffix: '.keyword' }], { A: 1 }, { 'A.keyword': 1 }));
  const prefixes = [{ type: 'field_name_prefix_mapping', mapping: { 'win.': ['w.', 'v.'] } }];
  t.ok(holdsAfter(prefixes, { 'win.A': 1 }, { 'v.A': 1 }));
  t.ok(holdsAfter(prefixes, { 'x.win.A': 1 }, { 'x.win.A': 1 }));
  const forms: readonly (readonly [string, string])[] = [
    ['lower', 'parentcommandline'],
    ['upper', 'PARENTCOMMANDLINE'],
    ['snake_case', 'parent_command_line'],
    ['camel_case', 'parentCommandLine'],
    ['pascal_case', 'ParentCommandLine'],
  ];
  for (const [transform_func, name] of forms)
    t.ok(
      holdsAfter([{ type: 'field_name_transform', transform_func }], { ParentCommandLine: 1 }, { [name]: 1 }),
      name,
    );
  const mapped = { type: 'field_name_transform', transform_func: 'lower', mapping: { A: 'Z' } };
  t.ok(holdsAfter([mapped], { A: 1, B: 2 }, { Z: 1, b: 2 }), 'the mapping goes first');
});

t.test('drop_detection_item', async (t) => {
  const drop = [{ type: 'drop_detection_item', ...on('A') }];
  t.ok(holdsAfter(drop, { A: 1, B: 2 }, { B: 2 }));
  t.ok(holdsAfter(drop, [{ A: 1 }, { B: 2 }], { B: 2 }));
  t.notOk(holdsAfter(drop, [{ A: 1 }, { B: 2 }], { A: 1 }));
  t.match(refusalOf(drop, { sel: { A: 1 } }), { code: 'rule.pipeline_refused', message: /nothing is left/ });
  const rule = ruleOf(
    'r',
    { product: 'x' },
    { sel: { B: 1 }, gone: { A: 1 }, condition: 'sel and not gone' },
  );
  t.strictSame(matchedBy(rule, [pipelineOf(drop)], { A: 1, B: 1 }), ['r'], 'what stood only for it goes too');
  const some = ruleOf('r', { product: 'x' }, { a: { A: 1 }, b: { B: 1 }, condition: '2 of them' });
  t.strictSame(matchedBy(some, [pipelineOf(drop)], { B: 1 }), ['r']);
});

t.test('add_condition', async (t) => {
  const add = (more: Raw) => [{ type: 'add_condition', ...more }];
  t.ok(holdsAfter(add({ conditions: { X: [1, 2] } }), { A: 1 }, { A: 1, X: 2 }));
  t.notOk(holdsAfter(add({ conditions: { X: 1 } }), { A: 1 }, { A: 1 }));
  t.ok(holdsAfter(add({ conditions: { 'X|startswith': 'a' } }), { A: 1 }, { A: 1, X: 'ab' }));
  t.notOk(holdsAfter(add({ conditions: { X: 1 }, negated: true }), { A: 1 }, { A: 1, X: 1 }));
  t.ok(holdsAfter(add({ conditions: { X: 1 }, negated: true }), { A: 1 }, { A: 1 }));
  const either = add({ conditions: [{ X: 1 }, { Y: 1 }], name: 'sel' });
  t.ok(holdsAfter(either, { A: 1 }, { A: 1, Y: 1 }), 'a taken name is no clash');
  const template = add({
    conditions: { s: ['$product/$', '{category} $service $'].join('') },
    template: true,
  });
  t.ok(holdsAfter(template, { A: 1 }, { A: 1, s: 'windows/process_creation $service $' }));
  const rule = ruleOf('r', { product: 'x' }, { a: { A: 1 }, b: { B: 1 }, condition: 'a or b' });
  t.strictSame(matchedBy(rule, [pipelineOf(add({ conditions: { X: 1 } }))], { B: 1 }), [], 'over the whole');
});

t.test('change_logsource', async (t) => {
  const steps = [{ type: 'change_logsource', product: 'Windows', service: 'sysmon' }];
  const { documents } = parseRules(ruleOf('r', { category: 'process_creation' }, { sel: { A: 1 } }), 'r.yml');
  const applied = applyPipelines(documents, [pipelineOf(steps)]);
  t.match(applied.documents, [{ logsource: { product: 'windows', service: 'sysmon' } }]);
  t.match(
    documents,
    [{ logsource: { category: 'process_creation', product: undefined } }],
    'the old stays as it was',
  );
});

t.test('replace_string', async (t) => {
  const replace = (regex: string, replacement: string, more: Raw = {}) => [
    { type: 'replace_string', regex, replacement, ...more },
  ];
  t.ok(holdsAfter(replace('^C:', 'D:'), { A: 'C:\\x' }, { A: 'd:\\x' }));
  t.ok(holdsAfter(replace('(\\w+)-(\\w+)', '\\2-\\1'), { 'A|contains': 'ab-cd' }, { A: 'x cd-ab x' }));
  t.ok(
    holdsAfter(replace('^\\*\\\\', '/'), { 'A|endswith': '\\cmd' }, { A: '/cmd' }),
    'affixes are wildcards',
  );
  t.notOk(holdsAfter(replace('^\\*\\\\', '/'), { 'A|endswith': '\\cmd' }, { A: 'x/cmd' }));
  t.ok(holdsAfter(replace('x', '*'), { A: 'axb' }, { A: 'a--b' }), 'wildcards made are live');
  t.notOk(holdsAfter(replace('x', '*', { skip_special: true }), { A: 'axb' }, { A: 'a--b' }));
  t.ok(holdsAfter(replace('x', '*', { skip_special: true }), { A: 'axb?' }, { A: 'a*bc' }));
  t.ok(
    holdsAfter(
      replace('x', '*', { skip_special: true, interpret_special: true }),
      { A: 'axb' },
      { A: 'a--b' },
    ),
  );
  t.ok(holdsAfter(replace('1', '2'), { A: 1 }, { A: 2 }), 'numbers too');
  t.ok(holdsAfter(replace('y', 'z'), { A: 'a\\\\*y' }, { A: 'a\\bz' }), 'a backslash before a wildcard');
  t.ok(holdsAfter(replace('y', 'z'), { A: 'a\\*y' }, { A: 'a*z' }), 'a plain star');
  t.notOk(holdsAfter(replace('y', 'z'), { A: 'a\\*y' }, { A: 'abz' }));
  t.ok(holdsAfter(replace('y', 'z'), { A: '\\\\\\\\host\\y' }, { A: '\\\\host\\z' }), 'two backslashes');
  t.ok(holdsAfter(replace('a', 'b'), { 'A|re': '^a$' }, { A: 'a' }), 'expressions are no strings');
  t.match(faultOf(replace('(a', 'b')), { code: 'pipeline.invalid', message: /parenthesis/ });
  t.match(faultOf(replace('a', '\\3')), { message: /group/ });
  t.match(faultOf(replace('(?=a)', 'b')), { message: /backtracking/ });
  const long = refusalOf(replace('a', 'b'), { sel: { A: 'a'.repeat(5000) } });
  t.match(long, { code: 'rule.pipeline_refused', message: /2048/ });
});

t.test('map_string', async (t) => {
  const steps = [{ type: 'map_string', mapping: { yes: ['1', 'true'], 'no*': '0', '*in*': 'inside' } }];
  t.ok(holdsAfter(steps, { A: 'yes' }, { A: 'TRUE' }));
  t.ok(holdsAfter(steps, { A: ['yes', 'x'] }, { A: 'x' }));
  t.ok(holdsAfter(steps, { 'A|startswith': 'no' }, { A: '0' }));
  t.notOk(holdsAfter(steps, { 'A|startswith': 'no' }, { A: '01' }));
  t.ok(
    holdsAfter(steps, { 'A|contains': ['in', 'out'] }, { A: 'get out!' }),
    'the others keep their affixes',
  );
});

t.test('case', async (t) => {
  const cased = (method: string, value: string, found: string) =>
    holdsAfter([{ type: 'case', method }], { 'A|cased': value }, { A: found });
  t.ok(cased('lower', 'AbC*', 'abcX'));
  t.ok(cased('upper', 'abc', 'ABC'));
  t.ok(cased('snake_case', 'ParentImage', 'parent_image'));
  t.match(faultOf([{ type: 'case', method: 'zigzag' }]), { message: /none of/ });
});

t.test('regex', async (t) => {
  const regex = (method: string) => [{ type: 'regex', method }];
  for (const method of ['ignore_case_brackets', 'ignore_case_flag']) {
    t.ok(holdsAfter(regex(method), { A: 'a.B?' }, { A: 'A.bc' }), method);
    t.notOk(holdsAfter(regex(method), { A: 'a.b' }, { A: 'xa.b' }), 'the whole value');
    t.ok(holdsAfter(regex(method), { 'A|contains': 'a.b' }, { A: 'x\nA.b' }));
    t.ok(holdsAfter(regex(method), { 'A|endswith|all': ['\\x', 'x'] }, { A: 'c:\\X' }));
    t.ok(holdsAfter(regex(method), ['evil'], { any: 'so EVIL' }));
    t.ok(holdsAfter(regex(method), { A: ['a', 7] }, { A: 7 }));
  }
  t.notOk(holdsAfter(regex('plain'), { A: 'a' }, { A: 'A' }), 'case matters then');
  t.match(refusalOf(regex('plain'), { sel: { 'A|base64': 'a' } }), { message: /base64/ });
});

t.test('set_value and convert_type', async (t) => {
  t.ok(
    holdsAfter(
      [{ type: 'set_value', value: 'z', ...on('A') }],
      { 'A|contains': ['a', 'b'], B: 1 },
      { A: 'z', B: 1 },
    ),
  );
  t.ok(holdsAfter([{ type: 'set_value', value: null }], { A: 'x' }, { B: 'x' }));
  t.ok(holdsAfter([{ type: 'set_value', value: '7', force_type: 'num' }], { A: 'x' }, { A: 7 }));
  t.match(faultOf([{ type: 'set_value', value: 'x', force_type: 'num' }]), { message: /no number/ });
  t.ok(holdsAfter([{ type: 'convert_type', target_type: 'num' }], { A: ['7', null] }, { A: 7 }));
  t.ok(holdsAfter([{ type: 'convert_type', target_type: 'str' }], { A: 7 }, { A: '7' }));
  t.match(refusalOf([{ type: 'convert_type', target_type: 'num' }], { sel: { A: 'x' } }), {
    message: /no number/,
  });
});

t.test('hashes_fields', async (t) => {
  const md5 = 'd41d8cd98f00b204e9800998ecf8427e';
  const sha1 = 'da39a3ee5e6b4b0d3255bfef95601890afd80709';
  const steps = [
    { type: 'hashes_fields', valid_hash_algos: ['MD5', 'SHA1'], field_prefix: 'File', ...on('Hashes') },
  ];
  t.ok(
    holdsAfter(
      steps,
      { 'Hashes|contains': [`MD5=${md5}`, `SHA1=${sha1}`] },
      { FileSHA1: sha1.toUpperCase() },
    ),
  );
  t.ok(holdsAfter(steps, { Hashes: `*md5=${md5}*` }, { FileMD5: md5 }));
  t.ok(holdsAfter(steps, { Hashes: sha1 }, { FileSHA1: sha1 }), 'told by its length');
  t.ok(holdsAfter(steps, { Other: 'x' }, { Other: 'x' }));
  const bare = [{ ...steps[0], drop_algo_prefix: true, field_prefix: 'hash' }];
  t.ok(holdsAfter(bare, { Hashes: [`MD5=${md5}`, `SHA1=${sha1}`] }, { hash: md5 }));
  t.match(refusalOf(steps, { sel: { Hashes: 'IMPHASH=0' } }), { message: /algorithm/ });
});

t.test('placeholders', async (t) => {
  const vars = { admins: ['ada', 'gr*', '50%x%'], port: 22 };
  const fill = [{ type: 'value_placeholders' }];
  t.ok(holdsAfter(fill, { 'A|expand': 'u-%admins%' }, { A: 'u-grace' }, { vars }));
  t.ok(holdsAfter(fill, { 'A|expand': '%admins%:%port%' }, { A: 'ada:22' }, { vars }));
  t.ok(holdsAfter(fill, { 'A|expand': '%admins%' }, { A: '50%x%' }, { vars }), 'values hold no placeholders');
  t.ok(holdsAfter(fill, { 'A|expand': '\\%no%port%' }, { A: '%no22' }, { vars }));
  t.ok(holdsAfter(fill, { 'A|re|expand': '^p%port%$' }, { A: 'p22' }, { vars }));
  t.ok(holdsAfter(fill, { A: '%port%' }, { A: '%port%' }, { vars }), 'only with expand');
  const wild = [{ type: 'value_placeholders', include: ['port'] }, { type: 'wildcard_placeholders' }];
  t.ok(holdsAfter(wild, { 'A|expand': '%gone%:%port%' }, { A: 'anything:22' }, { vars }));
  t.notOk(holdsAfter(wild, { 'A|expand': '%gone%:%port%' }, { A: 'anything:23' }, { vars }));
  t.throws(() => holdsAfter(fill, { 'A|expand': '%gone%' }, { A: 'x' }, { vars }), /placeholder_unresolved/);
  t.throws(
    () => holdsAfter([{ type: 'wildcard_placeholders', exclude: ['gone'] }], { 'A|expand': '%gone%' }, {}),
    /placeholder_unresolved/,
  );
  t.match(faultOf([{ type: 'wildcard_placeholders', include: ['a'], exclude: ['b'] }]), {
    message: /exclude/,
  });
  t.match(faultOf([{ type: 'query_expression_placeholders', expression: 'x' }]), {
    code: 'pipeline.unsupported',
    message: /query/,
  });
});

t.test('failures', async (t) => {
  const no = [{ type: 'rule_failure', message: 'not here' }];
  t.match(refusalOf(no, { sel: { A: 1 } }), {
    code: 'rule.pipeline_refused',
    message: /^test, line 1: not here/,
  });
  const item = [{ type: 'detection_item_failure', message: 'no B', ...on('B') }];
  t.equal(refusalOf(item, { sel: { A: 1 } }), undefined);
  t.match(refusalOf(item, { sel: { A: 1, B: 2 } }), { message: /no B/, line: 1 });
  const strict = [
    { type: 'field_name_mapping', mapping: { A: 'a' } },
    { type: 'strict_field_mapping_failure' },
  ];
  t.equal(refusalOf(strict, { sel: { A: 1 } }), undefined);
  t.match(refusalOf(strict, { sel: { A: 1, B: 1 } }), { message: /`B` is not mapped/ });
});

t.test('nest, state and attributes', async (t) => {
  const nested = {
    type: 'nest',
    rule_conditions: [{ type: 'logsource', product: 'windows' }],
    items: [
      { type: 'set_state', key: 'k', val: 1 },
      { id: 'inner', type: 'field_name_prefix', prefix: 'p.' },
      { type: 'set_custom_attribute', attribute: 'backend', value: 'raw' },
    ],
  };
  const after = (condition: Raw) => [
    nested,
    { type: 'field_name_suffix', suffix: '.s', rule_conditions: [condition] },
  ];
  for (const condition of [
    { type: 'processing_state', key: 'k', val: 1 },
    { type: 'processing_item_applied', processing_item_id: 'inner' },
    { type: 'rule_attribute', attribute: 'backend', value: 'raw' },
  ])
    t.ok(holdsAfter(after(condition), { A: 1 }, { 'p.A.s': 1 }), condition.type);
  const inert = [
    { type: 'add_field', field: 'x' },
    { type: 'remove_field', field: ['x'] },
    { type: 'set_field', fields: ['y'] },
  ];
  t.ok(holdsAfter(inert, { A: 1 }, { A: 1 }));
});

t.test('correlations', async (t) => {
  const text = `${ruleOf('r', { product: 'windows' }, { sel: { A: 1 } }, { name: 'base' })}\n---\n${JSON.stringify(
    {
      title: 'Many',
      id: 'c',
      correlation: {
        type: 'value_count',
        rules: ['base'],
        'group-by': ['User', 'who'],
        aliases: { who: { base: 'Account' } },
        timespan: '1m',
        condition: { field: 'Image', gte: 3 },
      },
    },
  )}`;
  const { documents, problems } = parseRules(text, 'r.yml');
  t.strictSame(problems, []);
  const of = (mapping: Raw) =>
    applyPipelines(documents, [
      pipelineOf([
        {
          type: 'field_name_mapping',
          mapping,
          rule_conditions: [{ type: 'logsource', product: 'windows' }, { type: 'is_sigma_correlation_rule' }],
        },
      ]),
    ]);
  const mapped = of({ User: ['u1', 'u2'], who: 'not', Account: 'acc', Image: 'img' });
  t.strictSame(mapped.problems, []);
  const rule = mapped.documents.find((d) => d.kind === 'correlation');
  t.match(rule, { groupBy: ['u1', 'u2', 'who'], fields: ['img'] });
  t.equal(rule?.kind === 'correlation' ? rule.aliases.get('who')?.get('base') : '', 'acc');
  t.match(of({ Image: ['a', 'b'] }).problems, [{ code: 'rule.pipeline_refused', message: /Image/ }]);
});

t.test('what a pipeline makes of a rule is bounded', async (t) => {
  const double = { type: 'field_name_mapping', mapping: { A: ['A', 'A'] } };
  const bomb = Array.from({ length: 40 }, () => double);
  t.match(refusalOf(bomb, { sel: { A: 1 } }), { code: 'rule.pipeline_refused', message: /more than/ });
  const longer = Array.from({ length: 100 }, () => ({ type: 'field_name_prefix', prefix: 'p'.repeat(100) }));
  t.match(refusalOf(longer, { sel: { A: 1 } }), { message: /longer than/ });
});
