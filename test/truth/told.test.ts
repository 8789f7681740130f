import fc from 'fast-check';
import t from 'tap';
import type { AnyEvent } from '#shared/events/registry.gen.ts';
import { account, type Expected, type Fields, faultsOf, maybe } from './told.ts';

/** What the other tests here rest on: whatever differs from an account is found. */

const span = { from: 1000, to: 2000 };
const end = (fields: Partial<AnyEvent> & Record<string, unknown> = {}) =>
  ({
    type: 'process.end',
    time: 1500,
    'process.pid': 7,
    'process.entity_id': 'x',
    'process.start': 1200,
    'process.name': 'cat',
    ...fields,
  }) as AnyEvent;
const all: Fields<'process.end'> = {
  'process.pid': 7,
  'process.entity_id': /^x$/,
  'process.start': (at) => Number(at) > 0,
  'process.name': 'cat',
};
const about = { 'process.pid': 7 };

t.test('one event for each that must be', async (t) => {
  const one = account('process.end', about, all);
  t.same(faultsOf(one, [end(), end({ 'process.pid': 8 })], span), []);
  t.match(faultsOf(one, [], span), [/none for/]);
  t.match(faultsOf(one, [end(), end()], span), [/too many/]);
  t.match(faultsOf(account('process.end', about), [end()], span), [/too many/]);
  const code = (value: number) => ({ ...all, 'process.exit_code': value });
  const two = account('process.end', about, code(1), code(2));
  const told = [end({ 'process.exit_code': 2 }), end({ 'process.exit_code': 1 })];
  t.same(faultsOf(two, told, span), [], 'in any order');
  t.match(faultsOf(two, [told[0] ?? end(), told[0] ?? end()], span), [/exit_code is 2, not 1/]);
});

t.test('every field, and no other', async (t) => {
  const faults = (event: AnyEvent, fields = all) =>
    faultsOf(account('process.end', about, fields), [event], span);
  t.match(faults(end({ 'process.exit_code': 0 })), [/exit_code is 0, not absent/]);
  t.match(faults(end({ 'process.name': 'dog' })), [/name is "dog", not "cat"/]);
  t.match(faults(end({ 'process.name': undefined })), [/name is undefined/]);
  t.match(faults(end({ 'process.entity_id': 'xx' })), [/entity_id/]);
  t.match(faults(end({ 'process.start': -1 })), [/start/]);
  t.match(faults(end({ time: 999 })), [/time/]);
  t.match(faults(end({ time: 2001 })), [/time/]);
  const perhaps = { ...all, 'process.exit_code': maybe(3) };
  t.same(faults(end(), perhaps), []);
  t.same(faults(end({ 'process.exit_code': 3 }), perhaps), []);
  t.match(faults(end({ 'process.exit_code': 4 }), perhaps), [/exit_code is 4/]);
});

t.test('an event told as it is has no faults, and one in any field has', async () => {
  const value = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.array(fc.string(), { maxLength: 3 }));
  const fields = fc.dictionary(fc.stringMatching(/^[a-z]{1,6}\.[a-z]{1,6}$/), value, {
    minKeys: 1,
    maxKeys: 8,
  });
  fc.assert(
    fc.property(fields, value, fc.nat(), (held, other, pick) => {
      const event = { type: 'process.end', time: 1500, ...held } as unknown as AnyEvent;
      const expected = { ...held } as Record<string, Expected>;
      const of = (exact: Record<string, Expected>) =>
        faultsOf(
          account('process.end', () => true, exact as Fields<'process.end'>),
          [event],
          span,
        );
      const names = Object.keys(held);
      const name = names[pick % names.length] ?? '';
      const isSame = JSON.stringify(held[name]) === JSON.stringify(other);
      const { [name]: _, ...fewer } = expected;
      return (
        of(expected).length === 0 &&
        of(fewer).length === 1 &&
        (isSame || of({ ...expected, [name]: other }).length === 1)
      );
    }),
  );
});
