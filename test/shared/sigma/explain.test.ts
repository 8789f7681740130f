import t from 'tap';
import { eventSpecs } from '../../../shared/events/registry.gen.ts';
import { conditionForm, wakesOf } from '../../../shared/sigma/explain/form.ts';
import { ruleWords } from '../../../shared/sigma/explain/words.ts';
import { declaredSchema, openSchema } from '../../../shared/sigma/index.ts';
import { compileText, ruleText } from './rules.ts';

function ruleOf(detection: unknown, lists?: ReadonlyMap<string, readonly string[]>) {
  const { ruleSet, all } = compileText(ruleText(detection), lists);
  t.strictSame(
    all.filter((p) => p.severity === 'error'),
    [],
  ); // prettier-ignore
  return ruleSet.rules[0]!;
}

function words(key: string, value: unknown): string | undefined {
  const lists = new Map([['admins', ['ada']]]);
  return ruleWords(ruleOf({ s: { [key]: value }, condition: 's' }, lists).rule).selections['s'];
}

t.test('items in words', async (t) => {
  const said: readonly (readonly [string, unknown, string])[] = [
    ['CommandLine|contains', ['x', 'y'], "CommandLine contains 'x' or 'y'"],
    ['CommandLine|contains|all', ['x', 'y', 'z'], "CommandLine contains 'x', 'y' and 'z'"],
    ['Image|endswith', '/nc', "Image ends with '/nc'"],
    ['Image|startswith|cased', '/tmp', "Image starts with '/tmp' (heeding case)"],
    ['Image', 'a*', "Image is like 'a*'"],
    ['Image', 'a\\*', "Image is 'a\\*'"],
    ['ProcessId', [1, 2], 'ProcessId is 1 or 2'],
    ['ProcessId|gte', 5, 'ProcessId is at least 5'],
    ['Image|neq', ['a', 'b'], "Image is not 'a' or 'b'"],
    ['Image|contains|neq', 'a', "Image does not contain 'a'"],
    ['Image', null, 'Image is absent'],
    ['Image', '', 'Image is empty'],
    ['Image|exists', true, 'Image is present'],
    ['Image|exists', false, 'Image is absent'],
    ['Image|re|i', 'a+', "Image matches the expression 'a+' (in either case)"],
    ['DestinationIp|cidr', '10.0.0.0/8', "DestinationIp is an address in '10.0.0.0/8'"],
    ['Image|fieldref', 'ParentImage', "Image equals the field 'ParentImage'"],
    ['CommandLine|fieldref|contains', 'Image', "CommandLine contains the field 'Image'"],
    ['CommandLine|windash|contains', '-e', "CommandLine contains '-e' (with any dash)"],
    ['CommandLine|base64offset|contains', 'abc', "CommandLine contains 'abc' (anywhere within Base64)"],
    ['StartTime|hour|gte', 22, 'the hour of StartTime is at least 22'],
    ['User|expand', '%admins%', "User is '%admins%' (with placeholders filled in)"],
    ['|all', ['a', 'b'], "any text contains 'a' and 'b'"],
  ];
  for (const [key, value, expected] of said) t.equal(words(key, value), expected, key);
  const many = words(
    'Image',
    Array.from({ length: 500 }, (_, i) => `v${i}`),
  );
  t.match(many, /or 488 more$/);
});

t.test('conditions in words', async (t) => {
  const detection = { a: { Image: 'x' }, b: { User: 'y', ProcessId: 1 }, c: ['word', { User: null }] };
  const sentence = (condition: unknown) => ruleWords(ruleOf({ ...detection, condition }).rule).sentence;
  t.equal(sentence('a'), "Image is 'x'.");
  t.equal(sentence('a and not b'), "Image is 'x', unless (User is 'y', and ProcessId is 1).");
  t.equal(sentence('a or b'), "Image is 'x' or (User is 'y', and ProcessId is 1).");
  t.equal(sentence('not a'), "it is not so that Image is 'x'.");
  t.match(sentence('not a and not b'), /^none of these hold: /);
  t.match(sentence('2 of *'), /^at least 2 of these hold: /);
  t.match(sentence('c'), /any text contains 'word'/);
});

t.test('compiled forms', async (t) => {
  const { condition } = ruleOf({
    s: { 'Image|endswith': '/NC', 'CommandLine|contains': ['-e', 'b*c'], 'ProcessId|gt': 5 },
    f: { 'Image|fieldref': 'ParentImage' },
    condition: 's and not f',
  });
  t.match(conditionForm(condition), {
    kind: 'and',
    of: [
      {
        kind: 'and',
        of: [
          {
            ...{ kind: 'test', field: 'Image', selection: 's', says: "endswith '/NC'" },
            index: { by: 'literal', texts: ['/nc'], at: 'end', sure: true },
          },
          { kind: 'or', of: [{ index: { texts: ['-e'], sure: true } }, { index: { sure: false } }] },
          { index: { by: 'scan', sure: false } },
        ],
      },
      { kind: 'not', of: { kind: 'field comparison', field: 'Image', other: 'ParentImage' } },
    ],
  });
});

t.test('what wakes a rule', async (t) => {
  const linux = declaredSchema(eventSpecs['process.start'], 'linux');
  const wakes = (detection: unknown, schema = linux) => wakesOf(ruleOf(detection), schema);
  t.match(wakes({ s: { 'CommandLine|contains': 'rare words', User: 'root' }, condition: 's' }), [
    { field: 'CommandLine', index: { texts: ['rare words'] } },
  ]);
  t.match(wakes({ a: { User: 'x' }, b: { User: 'y' }, condition: 'a or b' }), [
    { says: "is 'x'" },
    { says: "is 'y'" },
  ]);
  t.equal(wakes({ s: { User: 'x' }, condition: 'not s' }), 'every event');
  t.equal(wakes({ s: { Unheard: 'x' }, condition: 's' }), 'no event');
  t.match(wakes({ s: { Unheard: 'x' }, condition: 's' }, openSchema()), [{ field: 'Unheard' }]);
});
