import { join } from 'node:path';
import t from 'tap';
import { breaches, checkImports, cycles, importRules, importsOf } from '../../scripts/check/imports.ts';

const top = join(import.meta.dirname, '../..');

t.test('the checkout keeps the rules', async (t) => {
  t.strictSame(checkImports(top), []);
});

t.test('breaches are found, whichever way they are written', async (t) => {
  const file = 'agent/outbox/x.ts';
  const text = `
import a from '#shared/errors.ts';
import {
  b,
} from '../../collector/main.ts';
export * from './y.ts';
const c = await import('fastify');
import 'node:fs';
`;
  const targets = importsOf(file, text);
  t.strictSame(targets, ['shared/errors.ts', 'collector/main.ts', 'agent/outbox/y.ts', 'fastify', 'node:fs']);
  const found = breaches(new Map([[file, targets]]), importRules);
  t.equal(found.length, 2);
  const inside = new Map([
    ['collector/api/x.ts', ['collector/ingest/gateway.ts', 'collector/store/contract.ts']],
  ]);
  t.equal(breaches(inside, importRules).length, 1);
});

t.test('cycles are found once', async (t) => {
  const graph = new Map([
    ['a', ['b']],
    ['b', ['c']],
    ['c', ['a']],
    ['d', ['a']],
  ]);
  t.strictSame(cycles(graph), [['a', 'b', 'c', 'a']]);
});
