import t from 'tap';
import { applyPipelines, parseRules } from '../../../shared/sigma/index.ts';
import { faultOf, holdsAfter, pipelineOf, type Raw, ruleOf } from './pipelines.ts';

const rule = ruleOf(
  'r1',
  { category: 'process_creation', product: 'windows' },
  { sel: { A: ['x', 7], 'B|contains': 'y' } },
  { title: 'T', level: 'high', status: 'test', tags: ['attack.t1059'], date: '2024-05-06', weight: 3 },
);
const correlation = JSON.stringify({
  title: 'C',
  id: 'c1',
  correlation: {
    type: 'event_count',
    rules: ['r1'],
    'group-by': ['U'],
    timespan: '1m',
    condition: { gte: 2 },
  },
});

/** Ids of the documents a step with these rule conditions is for. */
function chosen(keys: Raw, before: readonly Raw[] = []): readonly string[] {
  const { documents, problems } = parseRules(`${rule}\n---\n${correlation}`, 'r.yml');
  if (problems.length > 0) throw new Error(problems[0]?.message);
  const failing = { type: 'rule_failure', message: 'chosen', ...keys };
  return applyPipelines(documents, [pipelineOf([...before, failing])]).refused.map(({ id }) => id);
}

const when = (condition: Raw, before: readonly Raw[] = []) =>
  chosen({ rule_conditions: [condition] }, before);

t.test('on rules', async (t) => {
  const both = ['r1', 'c1'];
  t.strictSame(chosen({}), both);
  t.strictSame(
    when({ type: 'logsource', category: 'process_creation' }),
    both,
    'a correlation through its rules',
  );
  t.strictSame(when({ type: 'logsource', product: 'Windows', service: '' }), both);
  t.strictSame(when({ type: 'logsource', product: 'windows', service: 'security' }), []);
  t.strictSame(when({ type: 'logsource', product: '' }), []);
  t.strictSame(when({ type: 'is_sigma_rule' }), ['r1']);
  t.strictSame(when({ type: 'is_sigma_correlation_rule' }), ['c1']);
  t.strictSame(when({ type: 'contains_detection_item', field: 'A', value: 7 }), ['r1']);
  t.strictSame(when({ type: 'contains_detection_item', field: 'A', value: 'z' }), []);
  t.strictSame(when({ type: 'contains_field', field: 'B' }), ['r1']);
  t.strictSame(when({ type: 'contains_field', field: 'C' }), []);
  t.strictSame(when({ type: 'tag', tag: 'attack.T1059' }), ['r1']);
  t.strictSame(when({ type: 'tag', tag: 'attack.t1' }), []);
});

t.test('on attributes of rules', async (t) => {
  const held: readonly (readonly [string, unknown, string])[] = [
    ['title', 'T', 'eq'],
    ['id', 'r1', 'eq'],
    ['title', 'U', 'ne'],
    ['level', 'medium', 'gt'],
    ['level', 'high', 'gte'],
    ['level', 'critical', 'lt'],
    ['status', 'stable', 'lt'],
    ['status', 'experimental', 'gte'],
    ['date', '2024-01-01', 'gte'],
    ['date', '2024-05-06', 'lte'],
    ['weight', 2, 'gt'],
    ['weight', '3', 'eq'],
    ['tags', 'attack.t1059', 'in'],
    ['tags', 'attack.t1', 'not_in'],
    ['tags', 'attack.t1059', 'ne'],
  ];
  const asked = (attribute: string, value: unknown, op: string) =>
    when({ type: 'rule_attribute', attribute, value, op }).includes('r1');
  for (const [attribute, value, op] of held) t.ok(asked(attribute, value, op), `${attribute} ${op} ${value}`);
  t.notOk(asked('level', 'high', 'gt'));
  t.notOk(asked('level', 'tall', 'ne'), 'no such level');
  t.notOk(asked('tags', 'attack.t1059', 'eq'), 'a list is no single value');
  t.notOk(asked('nothing', 'x', 'ne'), 'what the rule does not have compares with nothing');
});

t.test('on what was applied, and state', async (t) => {
  const before = [
    { id: 'one', type: 'set_state', key: 'k', val: 5, rule_conditions: [{ type: 'is_sigma_rule' }] },
  ];
  t.strictSame(when({ type: 'processing_item_applied', processing_item_id: 'one' }, before), ['r1']);
  t.strictSame(when({ type: 'processing_item_applied', processing_item_id: 'two' }, before), []);
  const state = (val: unknown, op: string) => when({ type: 'processing_state', key: 'k', val, op }, before);
  for (const [val, op] of [
    [5, 'eq'],
    [4, 'ne'],
    [4, 'gt'],
    [5, 'gte'],
    [6, 'lt'],
    [5, 'lte'],
  ] as const)
    t.strictSame(state(val, op), ['r1'], `${op} ${val}`);
  t.strictSame(state('5', 'eq'), [], 'a text is no number');
});

t.test('joined', async (t) => {
  const yes = { type: 'is_sigma_rule' };
  const no = { type: 'logsource', product: 'linux' };
  t.strictSame(chosen({ rule_conditions: [yes, no] }), []);
  t.strictSame(chosen({ rule_conditions: [yes, no], rule_cond_op: 'or' }), ['r1']);
  t.strictSame(chosen({ rule_conditions: [yes], rule_cond_not: true }), ['c1']);
  t.strictSame(chosen({ rule_conditions: { a: yes, b: no } }), [], 'names without an expression');
  const named = (rule_cond_expr: string) => chosen({ rule_conditions: { a: yes, b: no }, rule_cond_expr });
  t.strictSame(named('a and not b'), ['r1']);
  t.strictSame(named('not (a or b)'), ['c1']);
  t.strictSame(named('1 of them'), ['r1']);
});

/** Whether a step with these conditions changes the field A of an item. */
function changes(keys: Raw, selection: Raw, before: readonly Raw[] = []): boolean {
  const step = { type: 'field_name_mapping', mapping: { A: 'changed', B: 'b' }, ...keys };
  return holdsAfter([...before, step], selection, { changed: 'axb', b: 'axb' });
}

t.test('on items', async (t) => {
  const match = (pattern: string, more: Raw = {}) => ({
    detection_item_conditions: [{ type: 'match_string', cond: 'any', pattern, ...more }],
  });
  t.ok(changes(match('\\*x'), { 'A|contains': 'x' }), 'with the wildcards of contains');
  t.notOk(changes(match('x'), { 'A|contains': 'x' }), 'from the beginning');
  t.ok(changes(match('.*b$'), { A: ['zz', 'axb'] }));
  t.notOk(changes(match('.*b$', { cond: 'all' }), { A: ['zz', 'axb'] }));
  t.ok(changes(match('z', { negate: true }), { A: 'axb' }));
  const value = (wanted: unknown) => ({
    detection_item_conditions: [{ type: 'match_value', cond: 'any', value: wanted }],
  });
  t.ok(changes(value('axb'), { A: 'axb' }));
  t.notOk(changes(value('ax'), { A: 'axb' }));
  t.ok(changes(value(7), { A: [7, 'axb'] }));
  const wild = { detection_item_conditions: [{ type: 'contains_wildcard', cond: 'any' }] };
  t.ok(changes(wild, { A: 'a*b' }));
  t.ok(changes(wild, { 'A|startswith': 'a' }));
  t.notOk(changes(wild, { A: 'axb' }));
  const empty = { detection_item_conditions: [{ type: 'is_null', cond: 'any' }] };
  t.ok(changes(empty, { A: [null, 'axb'] }));
  t.notOk(changes(empty, { A: 'axb' }));
});

t.test('on items and fields, by what was applied to them', async (t) => {
  const before = [
    {
      id: 'up',
      type: 'case',
      method: 'upper',
      field_name_conditions: [{ type: 'include_fields', fields: ['A'] }],
    },
    { id: 'named', type: 'field_name_mapping', mapping: { Z: 'B' } },
    { type: 'set_state', key: 'k', val: true },
  ];
  const applied = (id: string) => [{ type: 'processing_item_applied', processing_item_id: id }];
  t.ok(changes({ detection_item_conditions: applied('up') }, { A: 'axb' }, before));
  t.notOk(changes({ detection_item_conditions: applied('up') }, { B: 'axb' }, before));
  t.ok(changes({ field_name_conditions: applied('named') }, { Z: 'axb' }, before));
  t.notOk(changes({ field_name_conditions: applied('named') }, { A: 'axb' }, before));
  const state = [{ type: 'processing_state', key: 'k', val: true }];
  t.ok(changes({ detection_item_conditions: state }, { A: 'axb' }, before));
  t.notOk(changes({ field_name_conditions: state }, { A: 'axb' }));
});

t.test('on fields', async (t) => {
  const fields = (type: string, names: readonly string[], mode = 'plain') => ({
    field_name_conditions: [{ type, fields: names, mode }],
  });
  t.ok(changes(fields('include_fields', ['A', 'C']), { A: 'axb' }));
  t.notOk(changes(fields('include_fields', ['C']), { A: 'axb' }));
  t.notOk(changes(fields('exclude_fields', ['A']), { A: 'axb' }));
  t.ok(changes(fields('exclude_fields', ['C']), { A: 'axb' }));
  t.ok(changes(fields('include_fields', ['[AZ]'], 're'), { A: 'axb' }));
  t.notOk(changes(fields('exclude_fields', ['[AZ]$'], 're'), { A: 'axb' }));
});

t.test('what is not understood', async (t) => {
  const step = (keys: Raw) => [{ type: 'drop_detection_item', ...keys }];
  const cases: readonly (readonly [Raw, RegExp])[] = [
    [{ rule_conditions: [{ type: 'weather' }] }, /`weather` is not a condition/],
    [{ rule_conditions: [{ product: 'x' }] }, /no type/],
    [{ rule_conditions: 'x' }, /neither a list nor a map/],
    [{ rule_conditions: ['x'] }, /not a map/],
    [{ rule_conditions: [{ type: 'logsource' }] }, /asks for nothing/],
    [{ rule_conditions: [{ type: 'tag' }] }, /needs `tag`/],
    [{ rule_conditions: [{ type: 'tag', tag: 'a', colour: 'b' }] }, /no parameter `colour`/],
    [{ rule_conditions: [{ type: 'tag', tag: 'a' }], rule_cond_op: 'xor' }, /none of and, or/],
    [{ rule_conditions: [{ type: 'tag', tag: 'a' }], rule_cond_expr: 'a' }, /with names/],
    [{ rule_conditions: { a: { type: 'tag', tag: 'a' } }, rule_cond_expr: 'b' }, /names `b`/],
    [
      {
        rule_conditions: { a: { type: 'is_sigma_rule' }, b: { type: 'is_sigma_rule' } },
        rule_cond_expr: 'a',
      },
      /use the condition `b`/,
    ],
    [
      { rule_conditions: { a: { type: 'is_sigma_rule' } }, rule_cond_expr: 'a', rule_cond_op: 'or' },
      /exclude/,
    ],
    [{ rule_cond_expr: 'a' }, /no conditions/],
    [{ detection_item_conditions: [{ type: 'match_string', pattern: 'x' }] }, /needs `cond`/],
    [{ detection_item_conditions: [{ type: 'match_string', cond: 'any', pattern: '(' }] }, /parenthesis/],
    [{ detection_item_conditions: [{ type: 'logsource', product: 'x' }] }, /not a condition here/],
    [{ field_name_conditions: [{ type: 'include_fields', fields: ['(?=x)'], mode: 're' }] }, /backtracking/],
  ];
  for (const [keys, message] of cases)
    t.match(faultOf(step(keys)), { code: 'pipeline.invalid', severity: 'error', message }, String(message));
});
