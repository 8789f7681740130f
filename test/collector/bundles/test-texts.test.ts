/** Tests of rules by their hash: kept once, read back only as they were, pruned when there are too many. */
import { createHash } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { maxTestFiles, TestTexts } from '../../../collector/bundles/test-texts.ts';
import { tempFolder } from '../../temp.ts';

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');
const never = async () => {
  throw new Error('There is room.');
};

t.test('tests by their hash', async (t) => {
  const folder = join(tempFolder(t), 'rule-tests');
  const texts = new TestTexts(folder);
  const source = new Map([
    ['rules/a.yml', Buffer.from('a rule')],
    ['rules/a.test.yml', Buffer.from('its tests')],
    ['rules/b.test.yml', Buffer.from('its tests')],
  ]);
  await texts.keep(source, never);
  t.same(readdirSync(folder), [hashOf('its tests')], 'only tests, the same ones once');
  t.equal(Buffer.from((await texts.read(hashOf('its tests'))) ?? []).toString(), 'its tests');
  t.equal(await texts.read(hashOf('others')), undefined);
  t.equal(await texts.read('../../control.db'), undefined, 'what is no hash is no file');
  writeFileSync(join(folder, hashOf('its tests')), 'something else');
  t.equal(await texts.read(hashOf('its tests')), undefined, 'not as it was');
});

t.test('beyond the bound those that no bundle names go', async (t) => {
  const folder = join(tempFolder(t), 'rule-tests');
  const texts = new TestTexts(folder);
  const named = 'named by a bundle';
  await texts.keep(new Map([['rules/a.test.yml', Buffer.from(named)]]), never);
  for (let i = 1; i < maxTestFiles; i++) writeFileSync(join(folder, hashOf(String(i))), String(i));
  await texts.keep(
    new Map([['rules/b.test.yml', Buffer.from('one more')]]),
    async () => new Set([hashOf(named)]),
  );
  t.same(readdirSync(folder), [hashOf(named)]);
});
