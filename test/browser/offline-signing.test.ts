/** A rule is edited where the collector may not sign: the page says what to run, and what it says works. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { tested } from '../e2e/rules-scene.ts';
import { ruleFolder } from '../rule-folder.ts';
import { tempFolder } from '../temp.ts';
import { vedette } from '../vedette.ts';
import { axeProblems } from './axe.ts';
import { absent, startProduct, write } from './product.ts';

t.test(
  'the page leads through signing elsewhere, and sees the bundle arrive',
  { skip: absent },
  async (t) => {
    const product = await startProduct(t, 'collector');
    const away = tempFolder(t);
    const at = (name: string) => join(away, name);
    const rules = (...args: string[]) => {
      const run = vedette('rules', ...args);
      t.equal(run.status, 0, run.stderr);
    };
    const here = ['--data', product.data];
    const folder = ruleFolder(t, tested('own', 'eve'));
    rules('push', folder, ...here);
    rules('keygen', 'signing', '--output', away, '--plain');
    rules('root', 'show', '--output', at('now.json'), ...here);
    rules('root', 'rotate', at('now.json'), '--output', at('next.json'), '--expires', '400d');
    rules('root', 'add-key', at('next.json'), `signing=${at('signing.pub')}`);
    rules('root', 'remove-key', at('next.json'), 'signing=collector signing');
    rules('root', 'install', at('next.json'), ...here);

    const { page } = await product.page();
    await page.goto(product.signIn);
    await page.getByRole('heading', { name: 'Overview' }).waitFor({ state: 'attached' });
    await page.goto(`${product.server.addresses.api}/rules/own`);
    await page.getByText('Nothing is wrong with it.').waitFor();
    const text = readFileSync(join(folder, 'own.yml'), 'utf8');
    await write(page, 'Rule', text.replace('title: User eve', 'title: Changed by hand'));
    await page.getByText('Nothing is wrong with it.').waitFor();
    await page.getByRole('button', { name: 'Push…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Push' });
    await dialog.getByText('The key that signs rules is not on this collector.').waitFor();
    await dialog.getByText('Waiting for bundle 2…').waitFor();
    t.equal(
      await dialog.getByRole('button', { name: 'Push', exact: true }).count(),
      0,
      'it cannot be pushed from here',
    );
    await product.picture(page, 'offline-signing');
    t.same(await axeProblems(page), []);
    const download = page.waitForEvent('download');
    await dialog.getByRole('button', { name: 'Download the files' }).click();
    const saved = await download;
    t.equal(saved.suggestedFilename(), 'rule.yml');
    await saved.saveAs(join(folder, 'own.yml'));
    t.match(readFileSync(join(folder, 'own.yml'), 'utf8'), 'title: Changed by hand');

    // As the page says it, with the places where things are here.
    const commands = await dialog.locator('.copyable code').allTextContents();
    t.equal(commands.length, 3);
    for (const command of commands) {
      const words = command.replace('vedette rules ', '').split(' ');
      const places: Readonly<Record<string, string>> = {
        './rules': folder,
        'rules-2.bundle': at('rules-2.bundle'),
        'signing.key': at('signing.key'),
      };
      const [verb = '', ...rest] = words.map((word) => places[word] ?? word);
      rules(verb, ...rest, ...(verb === 'push' ? here : []));
    }
    await dialog.getByText('Bundle 2 has arrived.').waitFor();
    await dialog.getByRole('link', { name: 'See how it reaches hosts' }).click();
    await page.waitForURL(/\/rules\/rollouts/);
    await page.goto(`${product.server.addresses.api}/rules/own`);
    await page.getByRole('heading', { name: 'Changed by hand' }).waitFor();
    t.same(product.faults, []);
  },
);
